// Why this exists: a controller that died right before a call left makes it when it is back. What
// people did to the guest in between was not there when the action was planned and approved.
import {afterEach, describe, expect, it} from 'vitest';
import {
  done,
  endStories,
  guestOf,
  minutes,
  reach,
  type Stage,
  sayYes,
  setStage,
  USUAL,
  until,
} from '../sabotage/stage.ts';
import type {Touch} from './mortal.ts';
import {filesOf} from './scenario.ts';
import {CLUSTER} from './world.ts';

afterEach(endStories);

const isDestroy = ({name}: Touch): boolean => name.startsWith('DELETE') && name.includes('/150');

/** Guest 150 is to go; the controller dies with the intent journalled and the call not sent. */
async function diedBeforeDestroy(): Promise<Stage> {
  const stage = setStage({
    fate: (touch, moment) => touch.what === 'request' && moment === 'before' && isDestroy(touch),
  });
  await reach(stage);
  stage.story.repository.commit(filesOf({db: USUAL.db}));
  await until(stage, () => sayYes(stage).length > 0);
  await minutes(stage, 5);
  expect(stage.story.process?.life.alive ?? false).toBe(false);
  expect(done(stage, 0, 'destroy')).toEqual([]);
  return stage;
}

describe('a deletion whose last call did not leave', () => {
  it('goes on where nothing has changed', async () => {
    const stage = await diedBeforeDestroy();
    stage.story.start();
    await minutes(stage, 5);
    expect(done(stage, 0, 'destroy')).toEqual(['destroy 150']);
  });

  it('does not go on when a person has changed the guest meanwhile', async () => {
    const stage = await diedBeforeDestroy();
    guestOf(stage, 150).config.set('tags', 'pvegit-hold');
    stage.story.start();
    await minutes(stage, 10);
    expect(done(stage, 0, 'destroy')).toEqual([]);
    expect(stage.story.journal.outcomes(CLUSTER, 1)[0]).toMatchObject({
      verb: 'delete',
      result: 'interrupted',
      because: 'its configuration was changed by somebody else (digest)',
    });
  });
});
