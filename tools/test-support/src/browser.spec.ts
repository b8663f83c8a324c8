import { launchBrowser } from './browser.ts';

describe('launchBrowser', () => {
  it('renders a page', async () => {
    const browser = await launchBrowser();
    try {
      const page = await browser.newPage();
      await page.setContent('<h1>Guarded</h1>');
      expect(await page.getByRole('heading').textContent()).toBe('Guarded');
    } finally {
      await browser.close();
    }
  }, 60_000);
});
