// Why this exists: a controller that cannot listen says what to do, before it touches anything.
import {createServer} from 'node:http';
import {afterEach, describe, expect, it} from 'vitest';
import {type Desk, openDesk} from '../../../test/builders/terminal.ts';
import {MINIMAL} from '../../../test/fixtures/config.ts';

describe('run', () => {
  const other = createServer();
  let desk: Desk;
  afterEach(async () => {
    desk.end();
    await new Promise((resolve) => other.close(resolve));
  });

  it('tells the way on where its address is taken', async () => {
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve));
    const address = other.address();
    const port = typeof address === 'object' ? address?.port : null;
    desk = openDesk({'pvegit.yaml': `data: data\nlisten: 127.0.0.1:${port}\n${MINIMAL}`});
    const {code, err} = await desk.run(['run', '--log-level', 'error']);
    expect(code).toBe(1);
    expect(err).toContain(`address already in use 127.0.0.1:${port}`);
    expect(err).toContain('name another address: listen in the configuration, or PVEGIT_LISTEN.');
  });
});
