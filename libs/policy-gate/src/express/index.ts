export { policyMiddleware } from './policy-middleware.ts';
export type { PolicyMiddlewareOptions, PolicyResponse } from './policy-middleware.ts';
