// Why this exists: proves the page in a real browser: the content policy lets it work and nothing
// else, it follows by itself, says when it cannot, and fits a phone.
import {type Browser, chromium, type Page} from 'playwright-core';
import {afterAll, beforeAll, describe, expect, it} from 'vitest';
import type {Report} from '../../src/core/report.ts';
import {createLog} from '../../src/status/log.ts';
import {createMetrics} from '../../src/status/metrics.ts';
import {createStatusServer, type StatusServer} from '../../src/status/server.ts';
import {HOSTILE} from '../builders/hostile.ts';
import {
  aHold,
  aJournal,
  anAction,
  aPlan,
  aReport,
  aResource,
  aSource,
  NOW,
} from '../builders/report.ts';
import {PATIENCE_MS} from '../fixtures/patience.ts';
import {findProgram, needs} from '../parts.ts';

const QUIET = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
];

describe.runIf(needs('chromium'))('the page in a browser', () => {
  let browser: Browser;
  let server: StatusServer;
  let url: string;
  let report: Report = aReport();

  beforeAll(async () => {
    const executablePath = findProgram('chromium') ?? 'chromium';
    browser = await chromium.launch({executablePath, args: QUIET, timeout: PATIENCE_MS});
    server = createStatusServer({
      listen: {host: '127.0.0.1', port: 0},
      token: null,
      metricsText: createMetrics({version: '1.2.3'}),
      clusters: () => [{name: 'harness', intervalMs: 60_000}],
      reports: () => new Map([['harness', report]]),
      journal: aJournal(),
      version: '1.2.3',
      installation: 'home',
      startedAt: NOW - 60_000,
      log: createLog({level: 'silent'}),
      now: () => NOW,
    });
    ({url} = await server.start());
  });

  afterAll(async () => {
    await browser?.close();
    await server?.close();
  });

  async function open(width = 1_200): Promise<{page: Page; complaints: string[]}> {
    const page = await browser.newPage({viewport: {width, height: 800}});
    page.setDefaultTimeout(PATIENCE_MS);
    const complaints: string[] = [];
    page.on('console', (message) => complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(error.message));
    page.on('dialog', (dialog) => {
      complaints.push(`dialog: ${dialog.message()}`);
      void dialog.dismiss();
    });
    page.on('request', (request) => {
      if (!request.url().startsWith(url) && !request.url().startsWith('data:')) {
        complaints.push(`asked ${request.url()}`);
      }
    });
    await page.clock.install();
    await page.goto(url);
    return {page, complaints};
  }

  it('follows by itself, keeps what is unfolded, and says when it cannot', async () => {
    const action = anAction();
    const held = {
      plan: aPlan({actions: [action]}),
      verdicts: [aHold(action, 'approval')],
      resources: [aResource({state: 'held'})],
    } as const;
    report = aReport(held);
    const {page, complaints} = await open();
    expect(await page.textContent('.overall')).toContain('1 resource held');
    await page.click('details.all summary');
    report = aReport({...held, sources: [aSource({subject: 'A newer commit'})]});
    await page.clock.runFor(10_500);
    await page.getByText('A newer commit').waitFor();
    expect(await page.getAttribute('details.all', 'open')).toBe('');
    expect(complaints).toEqual([]);
    await page.route('**/*', (route) => route.abort());
    await page.clock.runFor(10_500);
    await page.getByText('The controller does not answer').waitFor();
    await page.unroute('**/*');
    await page.clock.runFor(10_500);
    await page.locator('#stale').waitFor({state: 'hidden'});
    await page.close();
  });

  it('runs nothing that a stranger wrote, and asks nobody else', async () => {
    const nasty = HOSTILE.map(({text}, at) =>
      anAction({vmid: 1_000 + at, name: text, verb: 'update'}),
    );
    report = aReport({
      plan: aPlan({actions: nasty}),
      verdicts: nasty.map((action) => aHold(action, 'approval')),
      sources: HOSTILE.map(({text}) => aSource({name: text, subject: text, author: text})),
    });
    const {page, complaints} = await open();
    expect(await page.locator('.card').count()).toBe(2 * HOSTILE.length);
    expect(await page.locator('script').count()).toBe(1);
    expect(await page.locator('img, svg, base, iframe').count()).toBe(0);
    expect(complaints).toEqual([]);
    await page.close();
  });

  it('lets no injected script run: the content policy stops what escaping would miss', async () => {
    report = aReport();
    const {page, complaints} = await open();
    await page.evaluate(`{
      const script = document.createElement('script');
      script.textContent = 'document.title = "owned"';
      document.body.append(script);
    }`);
    expect(await page.title()).not.toBe('owned');
    // The browser says so beside its answers, maybe a moment later.
    const said = () => complaints.join();
    await expect.poll(said, {timeout: PATIENCE_MS}).toContain('Content Security Policy');
    await page.close();
  });

  it('fits a phone without scrolling sideways', async () => {
    const name = 'a-name-without-any-place-to-break-'.repeat(4);
    const action = anAction({name});
    report = aReport({
      plan: aPlan({actions: [action]}),
      verdicts: [aHold(action, 'approval')],
      sources: [aSource({repository: `https://git.example/${name}.git`})],
    });
    const {page} = await open(360);
    await page.click('summary');
    const wide: unknown = await page.evaluate('document.documentElement.scrollWidth');
    expect(Number(wide)).toBeLessThanOrEqual(360);
    await page.close();
  });
});
