import { PolicyError } from './policy-error.ts';
import { lintPolicy } from './lint-policy.ts';

const rule = (id: string, effect: string, when: string, more = ''): string =>
  `  - { id: ${id}, effect: ${effect}, when: ${when}, reason: r${more} }\n`;

describe('lintPolicy', () => {
  it('says nothing about rules that differ', () => {
    expect(
      lintPolicy(
        'rules:\n' +
          rule('a', 'deny', '{ kind: database, environment: "prod*" }') +
          rule('b', 'approve', '{ kind: database }') +
          rule('c', 'allow', '{ rule_id: git.reset-hard, environment: dev }'),
      ),
    ).toEqual([]);
  });

  it('finds rules of actions that are off', () => {
    expect(
      lintPolicy('rules:\n' + rule('a', 'deny', '{ environment: x }', ', action: deploy')),
    ).toMatchObject([{ kind: 'dead', rule_id: 'a', path: 'rules.0.action', line: 2 }]);
    expect(
      lintPolicy(
        'actions: { deploy: { enabled: true } }\nrules:\n' +
          rule('a', 'deny', '{ environment: x }', ', action: deploy'),
      ),
    ).toEqual([]);
  });

  it('finds questions that are asked already', () => {
    expect(
      lintPolicy('rules:\n' + rule('a', 'approve', '{ rule_id: git.reset-hard }')),
    ).toMatchObject([{ kind: 'dead', path: 'rules.0.effect' }]);
  });

  it('finds a rule behind a wider one', () => {
    expect(
      lintPolicy(
        'rules:\n' +
          rule('wide', 'deny', '{ command: "terraform *" }') +
          rule('narrow', 'approve', '{ command: "terraform apply*", environment: prod }'),
      ),
    ).toMatchObject([{ kind: 'shadowed', rule_id: 'narrow', path: 'rules.1', line: 3 }]);
  });

  it('finds one of two equal rules', () => {
    const twice = rule('a', 'deny', '{ kind: vcs }') + rule('b', 'deny', '{ kind: vcs }');
    expect(lintPolicy(`rules:\n${twice}`)).toMatchObject([{ kind: 'shadowed', rule_id: 'b' }]);
  });

  it('finds an allowance that a denial takes back', () => {
    expect(
      lintPolicy(
        'rules:\n' +
          rule('no', 'deny', '{ kind: vcs }') +
          rule('yes', 'allow', '{ kind: vcs, operation: reset }'),
      ),
    ).toMatchObject([{ kind: 'contradictory', rule_id: 'yes' }]);
  });

  it('an exception inside an allowance is no contradiction', () => {
    expect(
      lintPolicy(
        'rules:\n' +
          rule('yes', 'allow', '{ kind: vcs }') +
          rule('no', 'deny', '{ kind: vcs, operation: push }'),
      ),
    ).toEqual([]);
  });

  it('refuses what is no policy', () => {
    expect(() => lintPolicy('rules: 7\n')).toThrow(PolicyError);
    expect(() => lintPolicy({ rules: [{}] } as never)).toThrow(PolicyError);
  });
});
