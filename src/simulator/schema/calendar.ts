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

interface Calendar {
  readonly weekdays: ReadonlySet<number> | undefined;
  readonly accepts: (date: Date) => boolean;
  readonly hours: ReadonlySet<number>;
  readonly minutes: ReadonlySet<number>;
  readonly seconds: ReadonlySet<number>;
}

const keywords: Readonly<Record<string, string>> = {
  minutely: '*:*:0',
  hourly: '*:0:0',
  daily: '0:0:0',
  weekly: 'mon 0:0:0',
  monthly: '*-1 0:0:0',
  yearly: '1-1 0:0:0',
  annually: '1-1 0:0:0',
  quarterly: '1,4,7,10-1 0:0:0',
  semiannually: '1,7-1 0:0:0',
  'semi-annually': '1,7-1 0:0:0',
};

/** The next `count` times after `afterS` (UTC seconds) that a calendar event names. */
export function nextEvents(text: string, afterS: number, count: number): readonly number[] {
  const calendar = parseCalendar(keywords[text.trim().toLowerCase()] ?? text.trim());
  const found: number[] = [];
  const dayS = 86_400;
  const firstDay = Math.floor(afterS / dayS);
  for (let day = firstDay; day < firstDay + 3_700 && found.length < count; day += 1) {
    const date = new Date(day * dayS * 1000);
    const isDay = calendar.weekdays?.has(date.getUTCDay()) ?? true;
    if (isDay && calendar.accepts(date)) {
      found.push(...timesOf(calendar, day * dayS).filter((atS) => atS > afterS));
    }
  }
  return found.slice(0, count);
}

function timesOf(calendar: Calendar, dayS: number): readonly number[] {
  const times: number[] = [];
  for (const hour of calendar.hours) {
    for (const minute of calendar.minutes) {
      for (const second of calendar.seconds) {
        times.push(dayS + hour * 3600 + minute * 60 + second);
      }
    }
  }
  return times.sort((left, right) => left - right);
}

function parseCalendar(text: string): Calendar {
  const parts = text.replace(/\s+utc$/i, '').split(/\s+/);
  const hasDays = /^[a-z]/i.test(parts[0] ?? '');
  const weekdays = hasDays ? weekdaySet(parts.shift() ?? '') : undefined;
  const hasDate = date.test(parts[0] ?? '');
  const accepts = hasDate ? dateFilter(parts.shift() ?? '') : () => true;
  const fields = (parts[0] ?? '0:0:0').split(':');
  const [hour, minute, second] =
    fields.length === 1 ? ['*', fields[0], '0'] : [fields[0], fields[1], fields[2] ?? '0'];
  return {
    weekdays,
    accepts,
    hours: numbers(hour ?? '0', 0, 23),
    minutes: numbers(minute ?? '0', 0, 59),
    seconds: numbers(second, 0, 59),
  };
}

function weekdaySet(text: string): ReadonlySet<number> {
  const names = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
  const index = (name: string): number => names.indexOf(name.slice(0, 3).toLowerCase());
  const result = new Set<number>();
  for (const part of text.split(',')) {
    const [first = '', last = first] = part.split('..');
    for (let day = index(first); ; day = (day + 1) % 7) {
      result.add(day);
      if (day === index(last)) {
        break;
      }
    }
  }
  return result;
}

function dateFilter(text: string): (date: Date) => boolean {
  const fields = text.split('-');
  const [day = '*', month = '*', year = '*'] = fields.reverse();
  const days = numbers(day, 1, 31);
  const months = numbers(month, 1, 12);
  const years = year === '*' ? undefined : numbers(year, 1970, 2199);
  return (date) =>
    days.has(date.getUTCDate()) &&
    months.has(date.getUTCMonth() + 1) &&
    (years?.has(date.getUTCFullYear()) ?? true);
}

function numbers(text: string, lowest: number, highest: number): ReadonlySet<number> {
  const result = new Set<number>();
  for (const part of text.split(',')) {
    const [range = '*', step] = part.split('/');
    const [first = '*', last] = range.split('..');
    const from = first === '*' ? lowest : Number(first);
    const open = first === '*' || step !== undefined ? highest : from;
    const to = last === undefined ? open : Number(last);
    for (let value = from; value <= to; value += Number(step ?? 1)) {
      result.add(value);
    }
  }
  return result;
}
