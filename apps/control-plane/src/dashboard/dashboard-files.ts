import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { static as serveStatic, Router } from 'express';

/** Serves the built dashboard: hashed assets for a year, its page never from a cache. */
export function dashboardFiles(directory: string): Router {
  const router = Router();
  if (!existsSync(join(directory, 'index.html'))) {
    router.get('/', (_request, response) => {
      response
        .status(503)
        .type('text/plain')
        .send('The dashboard is not built. Run: npx nx build @ae/dashboard\n');
    });
    return router;
  }
  router.use(
    '/assets',
    serveStatic(join(directory, 'assets'), { immutable: true, maxAge: '1y', fallthrough: false }),
  );
  router.use(serveStatic(directory, { cacheControl: true, maxAge: 0 }));
  return router;
}
