/** The presets, from the most trusting to the most careful; `ci` stands beside them. */
export const PRESET_NAMES = ['standard', 'strict', 'paranoid', 'ci'] as const;
