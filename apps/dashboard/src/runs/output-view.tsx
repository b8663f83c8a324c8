import { useLayoutEffect, useRef } from 'react';
import type { OutputChunk } from './run-output.ts';

interface OutputViewProps {
  label: string;
  chunks: readonly OutputChunk[];
  /** Keeps the newest line in view, unless the reader scrolled up. */
  follow?: boolean;
}

/** What a command printed. A line of stderr begins with a mark at its left. */
export function OutputView({ label, chunks, follow = false }: OutputViewProps) {
  const box = useRef<HTMLPreElement>(null);
  const atEnd = useRef(true);

  useLayoutEffect(() => {
    const element = box.current;
    if (follow && element && atEnd.current) element.scrollTop = element.scrollHeight;
  }, [chunks, follow]);

  return (
    <pre
      ref={box}
      tabIndex={0}
      role="region"
      aria-label={label}
      onScroll={({ currentTarget: { scrollTop, scrollHeight, clientHeight } }) => {
        atEnd.current = scrollHeight - scrollTop - clientHeight < 8;
      }}
      className="max-h-72 overflow-auto rounded-md bg-sunken p-2 text-[11px] leading-4 wrap-anywhere whitespace-pre-wrap"
    >
      {chunks.map(({ stream, text }, index) =>
        stream === 'stdout' ? (
          <span key={index}>{text}</span>
        ) : (
          <span key={index} className="block border-l-2 border-warn pl-2">
            <span className="sr-only">stderr: </span>
            {text}
          </span>
        ),
      )}
    </pre>
  );
}
