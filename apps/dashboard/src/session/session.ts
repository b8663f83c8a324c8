import { useCallback, useEffect, useState } from 'react';
import { forgetKey, storeKey, storedKey, takeKeyFromAddress } from './session-key.ts';

export type SessionState =
  | { signedIn: true; key: string }
  /** `reason` says why the page asks again; absent when it never had a key. */
  | { signedIn: false; reason?: string | undefined };

export interface Session {
  state: SessionState;
  signIn: (key: string) => void;
  /** Ends the session of `key`; nothing when that is over, so the first reason stays. */
  signOut: (key: string, reason?: string) => void;
}

function initial(): SessionState {
  const taken = takeKeyFromAddress();
  if (taken !== undefined) storeKey(taken);
  const key = taken ?? storedKey();
  return key === undefined ? { signedIn: false } : { signedIn: true, key };
}

/** Who acts: the key of this tab, from the address, the form or the tab's storage. */
export function useSession(): Session {
  const [state, setState] = useState(initial);

  const signIn = useCallback((key: string) => {
    storeKey(key);
    setState({ signedIn: true, key });
  }, []);

  const signOut = useCallback((key: string, reason?: string) => {
    if (storedKey() === key) forgetKey();
    setState((now) => (now.signedIn && now.key === key ? { signedIn: false, reason } : now));
  }, []);

  useEffect(() => {
    // The launcher's address opened in a tab that already shows the page changes the fragment only.
    const onHashChange = () => {
      const key = takeKeyFromAddress();
      if (key !== undefined) signIn(key);
    };
    addEventListener('hashchange', onHashChange);
    return () => removeEventListener('hashchange', onHashChange);
  }, [signIn]);

  return { state, signIn, signOut };
}
