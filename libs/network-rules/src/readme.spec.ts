import { fileURLToPath } from 'node:url';
import { readmeExamples } from '@ae/test-support';

describe('README.md', () => {
  for (const example of readmeExamples(fileURLToPath(new URL('..', import.meta.url)))) {
    it(example.title, async () => {
      await expect(example.run()).resolves.toBeUndefined();
    });
  }
});
