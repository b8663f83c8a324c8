/**
 * @ae/policy-gate beside other guards, in one run: detection and time per check.
 *
 *   npm run bench -- policy-gate [--corpora <directory>]
 *
 * Peers: cc-safety-net (commands only), @microsoft/agent-governance-sdk (rules over action names;
 * no analysis of commands, so its rules here are the best its language can say),
 * @cedar-policy/cedar-wasm (decides over attributes; no detection of its own), and the ten regular
 * expressions that most guards are.
 */
import { existsSync, mkdirSync } from 'node:fs';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import { PolicyGate } from '@ae/policy-gate';
import * as cedar from '@cedar-policy/cedar-wasm/nodejs';
import { PolicyEngine } from '@microsoft/agent-governance-sdk';
import { checkCommand } from 'cc-safety-net/api';

import {
  corpusActions,
  ownActions,
  percent,
  score,
} from '../../libs/policy-gate/bench/actions/labelled-actions.mjs';

const root = resolve(dirname(fileURLToPath(import.meta.url)), '../..');
const { values } = parseArgs({
  options: { corpora: { type: 'string', default: resolve(root, '../shared/corpora/policy') } },
});
// cc-safety-net refuses whatever should run in a directory that is not there.
const CWD = resolve(root, '.ae/bench/project');
mkdirSync(CWD, { recursive: true });

// --- the guards: each says allow, approve or deny about an action ------------------------------

function gateVerdict(gate) {
  return ({ action, context }) => {
    const decision = gate.checkAction(action, context);
    return decision.allowed ? 'allow' : decision.requires_approval ? 'approve' : 'deny';
  };
}

const TEN = [
  /rm\s+-rf?\s+[/~]/,
  /mkfs/,
  /dd\s+if=.*of=\/dev/,
  /:\(\)\s*\{.*\};/,
  /curl.*\|\s*(?:ba)?sh/,
  /DROP\s+(?:TABLE|DATABASE)/i,
  /git\s+push.*--force/,
  /git\s+reset\s+--hard/,
  /chmod\s+-R\s+777/,
  /shutdown|reboot/,
];

function tenExpressions({ context }) {
  const text = context.command ?? context.sql ?? '';
  return TEN.some((expression) => expression.test(text)) ? 'deny' : 'allow';
}

function safetyNet({ context }) {
  if ((context.command ?? '').trim() === '') return 'allow';
  const answer = checkCommand({ command: context.command, cwd: CWD });
  return answer.kind === 'deny' ? 'deny' : 'allow';
}

function paranoidSafetyNet(row) {
  process.env['SAFETY_NET_PARANOID'] = '1';
  const answer = safetyNet(row);
  delete process.env['SAFETY_NET_PARANOID'];
  return answer;
}

/** The name an action has for rules over names: the program and its first word. */
function actionName({ action, context }) {
  const [program = '', verb = ''] = (context.command ?? context.sql ?? '').trim().split(/\s+/);
  return `${action}.${program.split('/').at(-1)}.${verb}`.toLowerCase();
}

const GRAVE_NAMES = ['rm.-rf', 'mkfs*', 'dd.*', 'shred.*', 'wipefs.*', 'shutdown.*', 'reboot.*'];
const ASKED_NAMES = ['terraform.destroy', 'terraform.apply', 'kubectl.delete', 'npm.publish'];

function governance(defaultEffect) {
  const engine = new PolicyEngine([
    ...GRAVE_NAMES.map((name) => ({ action: `execute_code.${name}`, effect: 'deny' })),
    ...ASKED_NAMES.map((name) => ({ action: `execute_code.${name}`, effect: 'review' })),
    { action: 'query_database.drop.*', effect: 'deny' },
    { action: 'query_database.truncate.*', effect: 'deny' },
    { action: 'deploy.*', effect: 'deny' },
    { action: '*', effect: defaultEffect },
  ]);
  return (row) => {
    const answer = engine.evaluate(actionName(row), {});
    return answer === 'allow' ? 'allow' : answer === 'review' ? 'approve' : 'deny';
  };
}

const guards = {
  '@ae/policy-gate, standard': gateVerdict(new PolicyGate()),
  '@ae/policy-gate, strict': gateVerdict(new PolicyGate({ preset: 'strict' })),
  'cc-safety-net, standard': safetyNet,
  'cc-safety-net, paranoid': paranoidSafetyNet,
  'agent-governance-sdk, allow by default': governance('allow'),
  'agent-governance-sdk, deny by default': governance('deny'),
  'ten regular expressions': tenExpressions,
};

// --- detection ---------------------------------------------------------------------------------

const sets = {
  actions: ownActions('actions'),
  second: ownActions('second'),
  third: ownActions('third'),
};
if (existsSync(values.corpora)) {
  for (const name of ['dcg', 'nah']) sets[name] = corpusActions(values.corpora, name);
  for (const name of ['tldr', 'nl2bash']) {
    // A tenth says as much, and the slowest guard needs a minute for it.
    sets[name] = corpusActions(values.corpora, name).filter((_row, index) => index % 10 === 0);
  }
}
console.log('| set | guard | recall | strength | FP | near-miss FP |');
console.log('| --- | --- | ---: | ---: | ---: | ---: |');
for (const [set, rows] of Object.entries(sets)) {
  for (const [guard, verdict] of Object.entries(guards)) {
    const total = score(rows, verdict);
    const cells = [
      `${set} (${rows.length})`,
      guard,
      percent(total.caught, total.bad),
      percent(total.denied, total.due),
      percent(total.alarms, total.good),
      percent(total.nearAlarms, total.near),
    ];
    console.log(`| ${cells.join(' | ')} |`);
  }
}

// --- time per check ----------------------------------------------------------------------------

function quantiles(inputs, run, rounds) {
  for (const input of inputs) run(input);
  const times = inputs.map((input) => {
    const samples = [];
    for (let round = 0; round < rounds; round += 1) {
      const from = process.hrtime.bigint();
      run(input);
      samples.push(Number(process.hrtime.bigint() - from) / 1000);
    }
    return samples.sort((a, b) => a - b)[Math.floor(rounds / 2)];
  });
  times.sort((a, b) => a - b);
  const at = (share) => times[Math.floor(times.length * share)].toFixed(1);
  return `${at(0.5)} | ${at(0.99)}`;
}

const commands = Object.values(sets)
  .flat()
  .filter(({ context }) => context.command !== undefined)
  .filter((_row, index) => index % 5 === 0);
console.log(`\n| time per check, us | p50 | p99 |\n| --- | ---: | ---: |`);
for (const [guard, verdict] of Object.entries(guards)) {
  console.log(`| ${guard}, ${commands.length} commands | ${quantiles(commands, verdict, 15)} |`);
}

const attributes = ['production', 'staging', 'env-50'].map((environment) => ({
  action: 'call_tool',
  context: { tool: 'search', environment },
}));
const hundredRules = new PolicyGate({
  rules: Array.from({ length: 100 }, (_unused, index) => ({
    id: `rule-${index}`,
    effect: 'approve',
    when: { environment: `env-${index}`, tool: `tool-${index}` },
    reason: 'benchmark',
  })),
});
const governanceRules = new PolicyEngine([
  ...Array.from({ length: 100 }, (_unused, index) => ({
    action: 'call_tool',
    effect: 'review',
    conditions: { environment: `env-${index}`, tool: `tool-${index}` },
  })),
  { action: '*', effect: 'allow' },
]);
const policies = Array.from(
  { length: 100 },
  (_unused, index) =>
    `forbid(principal, action, resource) when { context.environment == "env-${index}" && context.tool == "tool-${index}" };`,
);
cedar.preparsePolicySet('hundred', {
  staticPolicies: `permit(principal, action, resource);\n${policies.join('\n')}`,
});
const entity = (type, id) => ({ type, id });
const byRules = {
  '@ae/policy-gate': gateVerdict(hundredRules),
  'agent-governance-sdk': ({ context }) => governanceRules.evaluate('call_tool', context),
  'cedar-wasm, preparsed': ({ action, context }) => {
    const answer = cedar.statefulIsAuthorized({
      principal: entity('Agent', 'a'),
      action: entity('Action', action),
      resource: entity('Tool', context.tool),
      context,
      preparsedPolicySetId: 'hundred',
      entities: [],
    });
    if (answer.type !== 'success') throw new Error(JSON.stringify(answer));
    return answer.response.decision;
  },
};
for (const [guard, verdict] of Object.entries(byRules)) {
  console.log(`| ${guard}, no command, 100 rules | ${quantiles(attributes, verdict, 2000)} |`);
}
