import { executionIdOf } from './execution-id.ts';

it('names the workflow and the execution', () => {
  expect(executionIdOf('ae-run:r1', 'build')).toBe('ae-run:r1/build');
});

it('stays short enough for a hold with a suffix, and apart from others', () => {
  const long = `ae-run:${'r'.repeat(256)}`;
  const ids = [executionIdOf(long, 'a'), executionIdOf(long, 'b'), executionIdOf(`${long}r`, 'a')];
  expect(new Set(ids).size).toBe(3);
  for (const id of ids) expect(id.length).toBeLessThanOrEqual(200);
});
