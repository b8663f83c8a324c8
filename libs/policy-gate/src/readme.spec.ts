import { fileURLToPath } from 'node:url';

import { readmeExamples } from '@ae/test-support';

// Each example is a process of its own: slow on a busy machine.
import.meta.jest.setTimeout(60_000);

describe('README.md', () => {
  const examples = readmeExamples(fileURLToPath(new URL('..', import.meta.url)));
  it.each(examples.map((example) => [example.title, example] as const))(
    '%s',
    async (_title, example) => {
      await expect(example.run()).resolves.toBeUndefined();
    },
  );
});
