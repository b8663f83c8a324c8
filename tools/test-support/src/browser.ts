import { chromium } from 'playwright-core';
import type { Browser } from 'playwright-core';
import { executable } from './executable.ts';

const candidates = [
  ...['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable'],
  '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
  '/Applications/Chromium.app/Contents/MacOS/Chromium',
];

/**
 * A headless Chromium or Chrome of this machine (`AE_CHROMIUM_BIN` names another one). It makes no
 * calls of its own; close it when done.
 * @throws Error when there is none, with what to install.
 */
export async function launchBrowser(): Promise<Browser> {
  const named = process.env['AE_CHROMIUM_BIN'];
  const executablePath = executable(named === undefined ? candidates : [named]);
  if (executablePath === undefined) {
    throw new Error(
      'No Chromium: install it (Debian: apt-get install chromium; macOS: brew install --cask chromium) or name one in AE_CHROMIUM_BIN.',
    );
  }
  return chromium.launch({
    executablePath,
    headless: true,
    args: [
      ...['--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run'],
      ...['--disable-background-networking', '--disable-component-update', '--disable-sync'],
    ],
  });
}
