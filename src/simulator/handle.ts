// Why this exists: one request in, one answer out, without I/O: faults, authentication, 501, the
// permission check, validation, proxying to the node, the handler, the 30 s proxy time-out.
import {authenticate, sendsToken} from './authenticate.ts';
import type {CheckParams} from './check.ts';
import {enforce, normalPath} from './check.ts';
import {advance, after, nextDueMs} from './clock.ts';
import {ApiFailure, fail, forbid, paramError} from './failure.ts';
import type {RequestFault} from './faults.ts';
import {takeRequestFault} from './faults.ts';
import type {Answer, Parameters, Request, Response, Target} from './http.ts';
import {
  bareAnswer,
  dataAnswer,
  failureAnswer,
  loginRequired,
  parametersOf,
  plainPath,
  refuseContent,
  TextFailure,
  targetOf,
  textAnswer,
  uploadPath,
} from './http.ts';
import {may} from './permission.ts';
import {reach} from './reach.ts';
import type {Auth, Content, Context, Reply} from './route.ts';
import {complete} from './route.ts';
import {findRoute} from './router.ts';
import type {Matched} from './schema/api.ts';
import {findMethod, paramFacts} from './schema/api.ts';
import type {RawParam} from './schema/validate.ts';
import {validate} from './schema/validate.ts';
import type {Cluster} from './state.ts';

/** pveproxy waits this long for pvedaemon or another node, then answers 596. */
const proxyTimeoutMs = 30_000;
/** A 401 never comes sooner. */
const refusalMs = 3_000;

/** Work on a request that arrives at `nowMs`; `respond` is called once, at once or by `advance`. */
export function accept(
  cluster: Cluster,
  request: Request,
  nowMs: number,
  respond: (response: Response) => void,
): void {
  advance(cluster, nowMs);
  if (!['GET', 'POST', 'PUT', 'DELETE'].includes(request.method)) {
    respond(bareAnswer(501, `method '${request.method}' not available`));
    return;
  }
  const target = targetOf(request.path);
  if (target === undefined) {
    respond(outside(request.path));
    return;
  }
  const fault = takeRequestFault(cluster, request.method, target.path);
  if (fault === undefined) {
    serve(cluster, request, target, respond);
  } else {
    suffer(cluster, fault, {request, target, respond});
  }
}

/** What lies outside of the API is a file that is not there. */
function outside(path: string): Answer {
  const [file = ''] = plainPath(path).split('?');
  if (file.startsWith('/api2')) {
    return bareAnswer(501, 'no such uri', 'no such uri');
  }
  return bareAnswer(500, `no such file '${file}'`, `no such file '${file}'\n`);
}

/** Work on a request and let virtual time pass until it is answered. */
export function handle(cluster: Cluster, request: Request, nowMs: number): Response {
  let response: Response | undefined;
  accept(cluster, request, nowMs, (value) => {
    response = value;
  });
  while (response === undefined) {
    const due = nextDueMs(cluster);
    if (due === undefined) {
      return {kind: 'silence'};
    }
    advance(cluster, due);
  }
  return response;
}

interface Exchange {
  readonly request: Request;
  readonly target: Target;
  readonly respond: (response: Response) => void;
}

function suffer(cluster: Cluster, fault: RequestFault, exchange: Exchange): void {
  const {request, target, respond} = exchange;
  switch (fault.kind) {
    case 'cut-before':
      respond({kind: 'cut'});
      return;
    case 'cut-after':
      serve(cluster, request, target, () => respond({kind: 'cut'}));
      return;
    case 'no-answer':
      serve(cluster, request, target, () => respond({kind: 'silence'}));
      return;
    case 'answer-lost':
      serve(cluster, request, target, () => {});
      after(cluster, fault.afterMs ?? proxyTimeoutMs, () =>
        respond(bareAnswer(596, 'Connection timed out')),
      );
      return;
    case 'answer':
      respond(faultAnswer(target, fault));
      return;
    case 'slow':
      after(cluster, fault.delayMs, () => serve(cluster, request, target, respond));
      return;
  }
}

function faultAnswer(target: Target, fault: RequestFault & {kind: 'answer'}): Answer {
  return fault.status === 401 || fault.status >= 595
    ? bareAnswer(fault.status, fault.reason)
    : failureAnswer(target.format, new ApiFailure(fault.status, fault.reason));
}

function serve(
  cluster: Cluster,
  request: Request,
  target: Target,
  respond: (response: Response) => void,
): void {
  const transfer = request.headers['transfer-encoding']?.toLowerCase();
  if (transfer !== undefined) {
    const text =
      transfer === 'chunked'
        ? 'chunked transfer encoding not supported'
        : `Unknown transfer encoding '${transfer}'`;
    respond(bareAnswer(501, text, text));
    return;
  }
  const reply = outcomeOf(() => begin(cluster, request, target));
  if (reply instanceof ApiFailure) {
    conclude(cluster, target, reply, respond);
    return;
  }
  const startMs = cluster.nowMs;
  let answered = false;
  const once = (response: Response): void => {
    if (!answered) {
      answered = true;
      cancel();
      respond(response);
    }
  };
  const cancel = after(cluster, startMs + proxyTimeoutMs - cluster.nowMs, () =>
    once(bareAnswer(596, 'Connection timed out')),
  );
  complete(
    () => reply,
    (outcome) => conclude(cluster, target, outcome, once),
  );
}

function outcomeOf(begin: () => Reply): Reply | ApiFailure {
  try {
    return begin();
  } catch (error) {
    if (error instanceof ApiFailure) {
      return error;
    }
    throw error;
  }
}

function conclude(
  cluster: Cluster,
  target: Target,
  outcome: Content | ApiFailure,
  respond: (response: Response) => void,
): void {
  if (!(outcome instanceof ApiFailure)) {
    const answer =
      outcome.raw === undefined
        ? dataAnswer(target.format, outcome.data, outcome.top)
        : textAnswer(outcome.raw);
    // After an upload the connection is closed.
    respond({...answer, closeConnection: uploadPath.test(target.path)});
    return;
  }
  const {status, message} = outcome;
  if (outcome instanceof TextFailure) {
    respond(bareAnswer(status, message.trimEnd(), status === 400 ? '' : message));
  } else if (outcome instanceof AuthFailure) {
    const page = target.format === 'html' && target.strange === undefined;
    const refusal =
      page && status === 401 ? loginRequired() : bareAnswer(status, message.trimEnd());
    after(cluster, refusalMs, () => respond(refusal));
  } else if (status === 401) {
    after(cluster, refusalMs, () => respond(failureAnswer(target.format, outcome)));
  } else if (status >= 595) {
    respond(bareAnswer(status, message));
  } else {
    respond(failureAnswer(target.format, outcome));
  }
}

/** What is answered without asking who calls, spelled exactly so (PVE::HTTPServer). */
const openCalls = new Set([
  'GET /access/domains',
  'GET /access/ticket',
  'POST /access/ticket',
  'POST /access/vncticket',
  'POST /access/openid/login',
  'POST /access/openid/auth-url',
]);

/** A refusal before any endpoint is known: after three seconds, without a body. */
class AuthFailure extends ApiFailure {}

function begin(cluster: Cluster, request: Request, target: Target): Reply {
  const matched = findMethod(cluster.version, request.method, target.path);
  const isOpen = openCalls.has(`${request.method} ${target.uri}`);
  const auth = isOpen ? nobody : callerOf(cluster, request, target);
  cluster.actor = auth.authid;
  const parameters = readParameters(request, target);
  if (matched === undefined) {
    fail(501, `Method '${request.method} ${target.uri}' not implemented`);
  }
  const all = {...parameters.values, ...matched.path};
  refuseTwins(parameters.values, matched.path);
  const byToken = isOpen ? sendsToken(request) : auth.tokenid !== undefined;
  if (matched.method.noToken && byToken) {
    const text = `(URI '${target.uri}' not available with API token, need proper ticket.`;
    throw new ApiFailure(403, `Permission check failed ${text}\n)`);
  }
  const {check, user} = matched.method;
  if (!auth.isRoot && check === undefined && user === undefined) {
    forbid(isOpen ? undefined : 'user != root@pam');
  }
  if (!auth.isRoot && check !== undefined && user !== 'all') {
    enforce({cluster, auth}, check, checkParams(all));
  }
  const node = reach(cluster, matched, all);
  const asRead = matched.method.protected ? handedOn(parameters, request) : parameters;
  return run(cluster, {matched, auth, parameters: asRead, node});
}

/** Parameters of writes to guests that are no keys of a configuration. */
const plainNames = new Set(['digest', 'delete', 'revert', 'force', 'skiplock', 'background_delay']);

interface Call {
  readonly matched: Matched;
  readonly auth: Auth;
  readonly parameters: Parameters;
  readonly node: string;
}

function run(cluster: Cluster, call: Call): Reply {
  const {matched, auth, parameters, node} = call;
  const {method} = matched;
  const all = {...parameters.values, ...matched.path};
  const problems = validate(cluster.version, method, all, parameters);
  if (Object.keys(problems).length > 0) {
    paramError(problems);
  }
  const undefinedName = parameters.nulls.find((name) => !plainNames.has(name));
  if (undefinedName !== undefined && /^P\w+ .*\/(?:qemu|lxc)\b/.test(method.name)) {
    fail(500, `unable to parse value of '${undefinedName}' - got undefined value`);
  }
  const route = findRoute(method.name);
  if (route === undefined) {
    fail(501, `Method '${method.name}' is not simulated`);
  }
  const context: Context = {
    cluster,
    auth,
    node,
    path: matched.path,
    params: scalars(matched, parameters.values),
    arrays: arrays(matched, parameters.values),
    upload: parameters.upload,
  };
  const delayMs = cluster.serviceMs?.(method.name.split(' ')[0] ?? '', method.template) ?? 0;
  if (delayMs <= 0) {
    return route.handler(context);
  }
  return {
    kind: 'working',
    begin: (done) => {
      after(cluster, delayMs, () => {
        cluster.actor = auth.authid;
        complete(() => route.handler(context), done);
      });
    },
  };
}

/** What pveproxy hands on is written anew: a name without a value gets an empty one. */
function handedOn(parameters: Parameters, request: Request): Parameters {
  if (request.headers['content-type']?.startsWith('application/json') === true) {
    return parameters;
  }
  const empty = Object.fromEntries(parameters.nulls.map((name) => [name, '']));
  return {...parameters, values: {...empty, ...parameters.values}, nulls: []};
}

function readParameters(request: Request, target: Target): Parameters {
  refuseContent(request, target);
  if (target.strange !== undefined) {
    const text = `no formatter for uri ${target.path}, ${target.strange}`;
    throw new TextFailure(501, text);
  }
  return parametersOf(request, target);
}

/** A parameter of the path may be sent again, but not with another value. */
function refuseTwins(
  values: Readonly<Record<string, RawParam>>,
  path: Readonly<Record<string, string>>,
): void {
  const twin = Object.keys(values)
    .sort()
    .find((name) => path[name] !== undefined && path[name] !== String(values[name]));
  if (twin !== undefined) {
    const text = 'duplicate parameter (already defined in URI) with conflicting values!';
    paramError({[twin]: text});
  }
}

const nobody: Auth = {user: 'root@pam', tokenid: undefined, authid: 'root@pam', isRoot: false};

function callerOf(cluster: Cluster, request: Request, target: Target): Auth {
  const who = authenticate(cluster, request);
  const isUpload = request.method === 'POST' && uploadPath.test(target.path);
  if (who.kind === 'refused') {
    throw new AuthFailure(401, who.reason);
  }
  const storage = target.path.split('/')[4] ?? '';
  const path = normalPath(`/storage/${storage}`) ?? '';
  // An upload by a form carries no CSRF token; its right is checked first instead.
  if (isUpload && !may({cluster, auth: who.auth}, path, ['Datastore.AllocateTemplate'])) {
    const detail = `${path}, Datastore.AllocateTemplate`;
    throw new AuthFailure(403, `Permission check failed (${detail})`);
  }
  if (!isUpload && !who.hasCsrfToken) {
    throw new AuthFailure(401, 'Permission denied - invalid csrf token');
  }
  return who.auth;
}

function checkParams(all: Readonly<Record<string, RawParam>>): CheckParams {
  return Object.fromEntries(Object.entries(all).map(([name, value]) => [name, String(value)]));
}

function scalars(
  matched: Matched,
  values: Readonly<Record<string, RawParam>>,
): Readonly<Record<string, string>> {
  const entries = Object.entries(values)
    .filter(([name]) => paramFacts(matched.method, name)?.type !== 'array')
    .filter(([name]) => !(name in matched.path))
    .map(([name, value]) => [name, typeof value === 'string' ? value : value.join(',')]);
  return Object.fromEntries(entries);
}

function arrays(
  matched: Matched,
  values: Readonly<Record<string, RawParam>>,
): Readonly<Record<string, readonly string[]>> {
  const entries = Object.entries(values)
    .filter(([name]) => paramFacts(matched.method, name)?.type === 'array')
    .map(([name, value]) => [name, typeof value === 'string' ? [value] : value]);
  return Object.fromEntries(entries);
}
