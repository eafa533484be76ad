// Why this exists: schedules of backup jobs are checked by Proxmox's calendar grammar (facts.md
// section 12), whose complaint names the place where it stopped.

const days = 'mon|tue|wed|thu|fri|sat|sun';
const weekday = new RegExp(
  `^(?:${days}|monday|tuesday|wednesday|thursday|friday|saturday|sunday)$`,
  'i',
);
const keyword =
  /^(?:minutely|hourly|daily|weekly|monthly|yearly|annually|quarterly|semi-?annually)$/i;
const number = '(?:\\*(?:\\/\\d+)?|\\d+(?:\\.\\.\\d+)?(?:\\/\\d+)?)';
const field = `${number}(?:,${number})*`;
const time = new RegExp(`^(?:${field}:)?${field}(?::${field})?$`);
const date = new RegExp(`^(?:${field}-)?${field}-${field}$`);

/** What is wrong with a calendar event, as the schema's format check says it. */
export function calendarProblem(value: string): string | undefined {
  const parts = value.trim().split(/\s+/);
  if (parts.length === 1 && keyword.test(parts[0] ?? '')) {
    return undefined;
  }
  if (parts.at(-1)?.toLowerCase() === 'utc') {
    parts.pop();
  }
  const [first = ''] = parts;
  if (/^[a-z]/i.test(first)) {
    if (!isWeekdays(first)) {
      return complaint(value, first);
    }
    parts.shift();
  }
  if (parts.length > 1 && date.test(parts[0] ?? '')) {
    parts.shift();
  }
  const rest = parts.join(' ');
  return rest === '' || time.test(rest) || date.test(rest) ? undefined : complaint(value, rest);
}

function isWeekdays(text: string): boolean {
  return text
    .split(',')
    .every((part) => part.split('..').every((day) => weekday.test(day)) && part !== '');
}

function complaint(value: string, where: string): string {
  const reason = `unable to parse calendar event at '${where}' - Context("weekday")`;
  return `invalid calendar event '${value}' - ${reason}\n\n`;
}
