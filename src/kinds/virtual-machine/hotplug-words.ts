// Why this exists: `hotplug` has an alias for its default and a word for none.
import type {LiveConfig} from '../guest/live-config.ts';

/** The words of `hotplug` that a configuration holds. */
export function hotplugWordsOf(config: LiveConfig): ReadonlySet<string> {
  const text = (config.get('hotplug') ?? '1').trim();
  if (text === '1') return new Set(['network', 'disk', 'usb']);
  return text === '0' ? new Set() : new Set(text.split(/[,; ]+/));
}
