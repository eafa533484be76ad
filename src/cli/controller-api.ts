// Why this exists: status and why ask the running controller, who knows most; whether one answers
// is found out by asking.
import type {Config} from '../config/model.ts';
import {isObject} from '../core/json.ts';
import {ownSecret} from './world/own-secret.ts';

/** An answer of the controller, or that none answers. */
export type ControllerAnswer =
  | {readonly kind: 'answer'; readonly status: number; readonly value: unknown}
  | {readonly kind: 'none'; readonly because: string};

const TIMEOUT_MS = 5_000;

/** Asks the controller's API; the URL is the given one, else the configured address. */
export async function askController(
  config: Config,
  env: {readonly [name: string]: string | undefined},
  url: string | undefined,
  path: string,
): Promise<ControllerAnswer> {
  const base = url ?? addressOf(config);
  const headers: {[name: string]: string} = {accept: 'application/json'};
  if (config.listenToken !== null) {
    const token = await ownSecret(config.listenToken, env);
    if (!token.ok) return {kind: 'none', because: token.error.message};
    headers['authorization'] = `Bearer ${token.value}`;
  }
  try {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const answer = await fetch(new URL(path, base), {headers, signal, redirect: 'error'});
    const value: unknown = await answer.json();
    return {kind: 'answer', status: answer.status, value};
  } catch (error) {
    const cause = error instanceof Error && error.cause instanceof Error ? error.cause : error;
    const because = cause instanceof Error ? cause.message : String(cause);
    return {kind: 'none', because: `${base}: ${because}`};
  }
}

/** The message of an API error, for people. */
export function problemOf(value: unknown): {readonly message: string; readonly remedy: string} {
  const error = isObject(value) ? value['error'] : undefined;
  if (!isObject(error)) return {message: 'the controller gave an unexpected answer', remedy: ''};
  return {message: String(error['message']), remedy: String(error['remedy'] ?? '')};
}

function addressOf({listen, tls}: Config): string {
  const host = listen.host.includes(':') ? `[${listen.host}]` : listen.host;
  return `${tls === null ? 'http' : 'https'}://${host}:${listen.port}`;
}
