// Why this exists: a floor for each room, so that a well-tested room cannot hide an untested one.
// `npm run coverage` measures, then this prints a line per room and fails if one falls short.
import {readFileSync} from 'node:fs';
import {relative, sep} from 'node:path';
import {fileURLToPath} from 'node:url';

/** Lines of one file as the coverage summary counts them. */
type Lines = {readonly total: number; readonly covered: number};

/** How one room stands: percent of its lines that tests ran, and the floor it must reach. */
export type RoomCoverage = {
  readonly room: string;
  readonly lines: Lines;
  readonly percent: number;
  readonly floor: number;
  readonly short: boolean;
};

/** What decides has no excuse: it needs nothing but values to be tested. */
const PURE_ROOMS = new Set(['core', 'kinds', 'manifest', 'plan', 'gate']);
const PURE_FLOOR = 95;
const FLOOR = 85;

/** One row per room, by name, from `{absolute path: {lines: {total, covered}}}`. */
export function roomCoverage(
  summary: Readonly<Record<string, {readonly lines: Lines}>>,
  top: string,
): readonly RoomCoverage[] {
  const rooms = new Map<string, Lines>();
  for (const [path, {lines}] of Object.entries(summary)) {
    const [src, room] = relative(top, path).split(sep);
    if (src !== 'src' || room === undefined) continue;
    const sum = rooms.get(room) ?? {total: 0, covered: 0};
    rooms.set(room, {total: sum.total + lines.total, covered: sum.covered + lines.covered});
  }
  return [...rooms].map(([room, lines]) => judge(room, lines)).sort(byRoom);
}

function judge(room: string, lines: Lines): RoomCoverage {
  const floor = PURE_ROOMS.has(room) ? PURE_FLOOR : FLOOR;
  const percent = lines.total === 0 ? 100 : (100 * lines.covered) / lines.total;
  return {room, lines, percent, floor, short: percent < floor};
}

function byRoom(left: RoomCoverage, right: RoomCoverage): number {
  return left.room < right.room ? -1 : 1;
}

/** The table that a person reads, one line per room. */
export function formatRooms(rooms: readonly RoomCoverage[]): string {
  return rooms
    .map(({room, lines, percent, floor, short}) => {
      const missing = Math.ceil((floor / 100) * lines.total) - lines.covered;
      const verdict = short ? `SHORT by ${missing} lines` : 'ok';
      const shown = percent.toFixed(1).padStart(6);
      return `${room.padEnd(12)}${shown} % of ${lines.total} lines, floor ${floor} %: ${verdict}`;
    })
    .join('\n');
}

function main(): void {
  const top = fileURLToPath(new URL('..', import.meta.url));
  const path = new URL('../coverage/coverage-summary.json', import.meta.url);
  const rooms = roomCoverage(JSON.parse(readFileSync(path, 'utf8')), top);
  console.log(formatRooms(rooms));
  const short = rooms.filter((room) => room.short);
  if (short.length === 0 && rooms.length > 0) return;
  console.error(`coverage floors: ${short.length} of ${rooms.length} rooms fall short`);
  process.exitCode = 1;
}

if (import.meta.main) main();
