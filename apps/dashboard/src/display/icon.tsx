const paths = {
  check: 'm5 12.5 4.5 4.5L19 7.5',
  cross: 'M6 6l12 12M18 6 6 18',
  clock: 'M12 7v5l3.5 2M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0',
  hand: 'M9 11V5.5a1.5 1.5 0 0 1 3 0V11m0-5.5a1.5 1.5 0 0 1 3 0V11m0-3.5a1.5 1.5 0 0 1 3 0V14a7 7 0 0 1-7 7c-3 0-4.5-1.5-6-4l-2-3.5a1.5 1.5 0 0 1 2.5-1.6L9 14V8.5',
  spinner: 'M12 3a9 9 0 1 0 9 9',
  shield: 'M12 3 5 6v5.5c0 4.2 2.9 7.9 7 9.3 4.1-1.4 7-5.1 7-9.3V6zM9 12l2.2 2.2L15.5 10',
  blocked: 'M5.7 5.7l12.6 12.6M21 12a9 9 0 1 1-18 0 9 9 0 0 1 18 0',
  money:
    'M12 4v16M16 8.2C16 6.7 14.2 6 12 6S8 6.8 8 8.8c0 4.4 8 2 8 6.4 0 2-1.8 2.8-4 2.8s-4-.9-4-2.5',
  warning: 'M12 4 2.8 19.5h18.4zM12 10v4.5m0 2.5v.2',
  minus: 'M6 12h12',
  system: 'M4 5h16v11H4zM9 20h6m-3-4v4',
  sun: 'M12 8a4 4 0 1 0 0 8 4 4 0 0 0 0-8m0-5v1.5m0 15V21m9-9h-1.5m-15 0H3m15.4-6.4-1.1 1.1M6.7 17.3l-1.1 1.1m12.8 0-1.1-1.1M6.7 6.7 5.6 5.6',
  moon: 'M20 14.5A8.5 8.5 0 0 1 9.5 4 8.5 8.5 0 1 0 20 14.5',
  chevron: 'm9 6 6 6-6 6',
} as const;

export type IconName = keyof typeof paths;

/** A drawing beside words that say the same: hidden from a screen reader. */
export function Icon({ name, className = '' }: { name: IconName; className?: string }) {
  return (
    <svg
      viewBox="0 0 24 24"
      aria-hidden="true"
      className={`size-4 shrink-0 fill-none stroke-current stroke-2 ${className}`}
      strokeLinecap="round"
      strokeLinejoin="round"
    >
      <path d={paths[name]} />
    </svg>
  );
}
