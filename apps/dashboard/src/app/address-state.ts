import { useCallback, useState } from 'react';

/** A piece of the page's state that lives in the address, so that a link or a reload keeps it. */
export function useAddressState(name: string): [string, (value: string) => void] {
  const [value, setValue] = useState(() => new URLSearchParams(location.search).get(name) ?? '');
  const set = useCallback(
    (next: string) => {
      const parameters = new URLSearchParams(location.search);
      if (next === '') parameters.delete(name);
      else parameters.set(name, next);
      const search = parameters.toString();
      const address = location.pathname + (search === '' ? '' : `?${search}`) + location.hash;
      history.replaceState(history.state, '', address);
      setValue(next);
    },
    [name],
  );
  return [value, set];
}
