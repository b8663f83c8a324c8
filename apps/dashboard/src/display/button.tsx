import type { ComponentProps } from 'react';

const looks = {
  primary: 'border-transparent bg-accent text-on-accent hover:bg-accent-strong',
  plain: 'border-line-strong bg-surface text-ink hover:bg-hover',
  danger: 'border-line-strong bg-surface text-danger hover:bg-danger-soft',
  quiet: 'border-transparent text-muted hover:bg-hover hover:text-ink',
} as const;

type ButtonProps = ComponentProps<'button'> & { look?: keyof typeof looks };

export function Button({ look = 'plain', className = '', type = 'button', ...rest }: ButtonProps) {
  return (
    <button
      type={type}
      className={`inline-flex h-7 items-center justify-center gap-1.5 rounded-md border px-2.5 text-xs font-medium whitespace-nowrap transition-colors disabled:cursor-not-allowed disabled:border-line disabled:bg-sunken disabled:text-muted ${looks[look]} ${className}`}
      {...rest}
    />
  );
}
