import { Component } from 'react';
import type { ReactNode } from 'react';
import { Button } from '../display/button.tsx';
import { ErrorNotice } from '../display/problem-notice.tsx';

interface CrashGuardState {
  error?: unknown;
}

/** A page that failed says so: a blank one could be taken for a quiet one. */
export class CrashGuard extends Component<{ children: ReactNode }, CrashGuardState> {
  override state: CrashGuardState = {};

  static getDerivedStateFromError(error: unknown): CrashGuardState {
    return { error };
  }

  override render() {
    if (!('error' in this.state)) return this.props.children;
    return (
      <main className="mx-auto max-w-md p-4">
        <h1 className="sr-only">AE Safety</h1>
        <ErrorNotice error={this.state.error}>
          <Button className="mt-2" onClick={() => location.reload()}>
            Reload
          </Button>
        </ErrorNotice>
      </main>
    );
  }
}
