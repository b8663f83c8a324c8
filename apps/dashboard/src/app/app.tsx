import { QueryClientProvider } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { LiveSession, LiveSessionProvider } from '../live/live-session.ts';
import { SignIn } from '../session/sign-in.tsx';
import { useSession } from '../session/session.ts';
import { Header } from './header.tsx';
import { OperationsPage } from './operations-page.tsx';

export function App() {
  const { state, signIn, signOut } = useSession();
  if (!state.signedIn) return <SignIn reason={state.reason} onKey={signIn} />;
  // Nothing of one key outlives it: another key starts from nothing.
  return <SignedIn key={state.key} apiKey={state.key} onSignOut={signOut} />;
}

interface SignedInProps {
  apiKey: string;
  onSignOut: (key: string, reason?: string) => void;
}

function SignedIn({ apiKey, onSignOut }: SignedInProps) {
  const [session] = useState(
    () =>
      new LiveSession(apiKey, (error) =>
        onSignOut(apiKey, `The control plane refused this key. ${error.detail}`),
      ),
  );

  useEffect(() => {
    const { connection } = session;
    connection.start();
    addEventListener('online', connection.retryNow);
    return () => {
      removeEventListener('online', connection.retryNow);
      connection.stop();
    };
  }, [session]);

  return (
    <LiveSessionProvider value={session}>
      <QueryClientProvider client={session.queries}>
        <Header onSignOut={() => onSignOut(apiKey)} />
        <OperationsPage />
      </QueryClientProvider>
    </LiveSessionProvider>
  );
}
