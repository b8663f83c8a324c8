import { retryAfterSeconds } from './retry-after.ts';

it.each([
  [null, undefined],
  ['3', 3],
  [' 0 ', 0],
  ['soon', undefined],
  ['-1', undefined],
  ['Wed, 01 Jan 2025 00:00:10 GMT', 10],
  ['Tue, 31 Dec 2024 23:00:00 GMT', 0],
])('reads %j as %j seconds', (header, seconds) => {
  expect(retryAfterSeconds(header, Date.UTC(2025, 0, 1))).toBe(seconds);
});
