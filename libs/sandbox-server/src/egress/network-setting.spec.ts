import { Refusal } from '../http/answer.ts';
import { networkSetting } from './network-setting.ts';

const ALL = ['0.0.0.0/0'];

function outcome(body: Record<string, unknown>): unknown {
  try {
    const setting = networkSetting(body);
    return setting.mode === 'none' ? 'none' : setting.entries;
  } catch (error) {
    if (error instanceof Refusal) return error.status;
    throw error;
  }
}

describe('networkSetting', () => {
  it.each<[string, Record<string, unknown>, unknown]>([
    ['nothing', {}, 'none'],
    ['an empty configuration', { network: {} }, 'none'],
    ['null', { network: null }, 'none'],
    ['an empty list', { network: { allowOut: [], denyOut: ALL } }, 'none'],
    ['only denials', { network: { denyOut: ['8.8.8.8'] } }, 'none'],
    [
      'hosts and a denial of all else',
      { network: { allowOut: ['a.example', ' *.b.example ', '93.184.216.34', '*'], denyOut: ALL } },
      ['a.example', '*.b.example', '93.184.216.34', '*'],
    ],
    [
      'hosts without internet access',
      { allow_internet_access: false, network: { allowOut: ['a.example'] } },
      ['a.example'],
    ],
    // In E2B these let everything else out too.
    ['hosts alone', { network: { allowOut: ['a.example'] } }, 501],
    ['hosts and some denials', { network: { allowOut: ['a.example'], denyOut: ['8.8.8.8'] } }, 501],
    ['a range', { network: { allowOut: ['10.0.0.0/8'], denyOut: ALL } }, 501],
    ['everything', { network: { allowOut: ALL, denyOut: ALL } }, 501],
    ['rules', { network: { allowOut: ['a.example'], denyOut: ALL, rules: {} } }, 501],
    ['a proxy', { network: { egressProxy: { address: 'x:1' } } }, 501],
    ['what can be no host', { network: { allowOut: ['a b'], denyOut: ALL } }, 400],
    ['a port', { network: { allowOut: ['a.example:8443'], denyOut: ALL } }, 400],
    ['a URL', { network: { allowOut: ['https://a.example'], denyOut: ALL } }, 400],
    ['a star inside', { network: { allowOut: ['a.*.example'], denyOut: ALL } }, 400],
    ['no list', { network: { allowOut: 'a.example', denyOut: ALL } }, 400],
    ['no text', { network: { allowOut: [1], denyOut: ALL } }, 400],
    ['no list of denials', { network: { denyOut: {} } }, 400],
    ['too many', { network: { allowOut: Array(1001).fill('a.example'), denyOut: ALL } }, 400],
  ])('of %s', (_name, body, expected) => {
    expect(outcome(body)).toEqual(expected);
  });
});
