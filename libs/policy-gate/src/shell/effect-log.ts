import type { Effect, EffectKind, Span, Verdict } from '../effects/effect.ts';
import { LIMITS } from './limits.ts';
import type { Value } from './value.ts';
import { Taint, display } from './value.ts';

/** A simple command that was evaluated, with the words it would be run with. */
export interface EvaluatedCall {
  name: string;
  args: readonly Value[];
  span: Span;
  /** The command that runs this one: the `sudo` of `sudo reboot`. */
  caller: EvaluatedCall | undefined;
}

/** Collects what an analysis finds: commands, effects, and the limits it ran into. */
export class EffectLog {
  readonly effects: Effect[] = [];
  /** The innermost command each effect is of; none where it is of a redirection or no command. */
  readonly owners = new Map<Effect, EvaluatedCall>();
  readonly calls: EvaluatedCall[] = [];
  readonly limits = new Set<string>();
  protected current: EvaluatedCall | undefined;
  /** Set while text is evaluated whose positions do not index the checked text. */
  protected foreignSpan: Span | undefined;

  emit(effect: Effect): void {
    if (this.current !== undefined) this.owners.set(effect, this.current);
    if (this.effects.length < LIMITS.effects) this.effects.push(effect);
    else {
      // Full: keep the graver of the two.
      const last = this.effects.length - 1;
      const kept = this.effects[last]?.verdict;
      if (effect.verdict === 'deny' || (effect.verdict === 'approve' && kept === 'allow')) {
        this.effects[last] = effect;
      }
    }
  }

  /** Reports something that is judged where it is found. */
  report(
    kind: EffectKind,
    operation: string,
    verdict: Verdict,
    ruleId: string,
    message: string,
    span: Span,
    extra: { target?: string; irreversible?: boolean; suggestion?: string } = {},
  ): void {
    const effect: Effect = {
      kind,
      operation,
      irreversible: extra.irreversible ?? false,
      rule_id: ruleId,
      verdict,
      message,
      span: this.foreignSpan ?? span,
    };
    if (extra.target !== undefined) effect.target = display(extra.target);
    if (extra.suggestion !== undefined) effect.suggestion = extra.suggestion;
    this.emit(effect);
  }

  unresolved(message: string, span: Span): void {
    this.limits.add('unresolved');
    this.report('unresolved', 'command', 'approve', 'shell.unresolved', message, span, {
      suggestion: 'Write the command out instead of building it.',
    });
  }

  limit(which: string, span: Span): void {
    this.limits.add(which);
    this.report(
      'limit',
      which,
      'approve',
      which === 'unparsable' ? 'shell.unparsable' : 'shell.limit',
      which === 'unparsable'
        ? 'cannot be parsed as a shell command'
        : `is beyond what is analysed (${which})`,
      span,
    );
  }

  spanOf(span: Span): Span {
    return this.foreignSpan ?? span;
  }

  remoteShell(span: Span): void {
    this.report(
      'flow',
      'network_shell',
      'deny',
      'network.remote-shell',
      'gives a shell to whoever is on the network',
      span,
    );
  }

  /** Judges what is sent over the network by where it came from. */
  sent(taint: number, span: Span): void {
    if ((taint & Taint.secret) !== 0) this.secretLeaves(span);
    else if ((taint & Taint.bulk) !== 0) {
      this.report(
        'flow',
        'bulk_to_network',
        'approve',
        'flow.bulk-to-network',
        'sends a whole workspace or database over the network',
        span,
        { irreversible: true },
      );
    } else if ((taint & Taint.secretVariable) !== 0) {
      this.report(
        'flow',
        'variable_to_network',
        'approve',
        'flow.variable-to-network',
        'sends a credential of the environment over the network',
        span,
        { irreversible: true },
      );
    }
  }

  secretLeaves(span: Span): void {
    this.report(
      'flow',
      'secret_to_network',
      'deny',
      'flow.secret-to-network',
      'sends credentials over the network',
      span,
      { irreversible: true },
    );
  }
}
