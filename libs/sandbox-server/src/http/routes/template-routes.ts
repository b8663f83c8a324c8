import { answerJson, Refusal } from '../answer.ts';
import type { Call, Route } from '../route.ts';

/** Answers whether there is a template of that name or alias. */
function alias({ registry, response, id }: Call): void {
  let name: string;
  try {
    name = decodeURIComponent(id);
  } catch {
    throw new Refusal(400, 'the alias cannot be decoded');
  }
  const template = registry.templates.find(name);
  if (template === undefined) throw new Refusal(404, `template '${name}' does not exist`);
  answerJson(response, 200, { templateID: template.name, public: false });
}

export const templateRoutes: readonly Route[] = [
  { method: 'GET', path: /^\/templates\/aliases\/([^/]+)$/, handler: alias },
];
