/** `delete_bucket`, `DeleteBucket` as the command lines write it. */
function kebab(name: string): string {
  return name
    .replaceAll(/([a-z0-9])([A-Z])/g, '$1-$2')
    .replaceAll('_', '-')
    .toLowerCase();
}

type Words = readonly string[];

interface Sdk {
  pattern: RegExp;
  words: (match: RegExpExecArray, args: readonly (string | undefined)[]) => Words | undefined;
}

/** Verbs of what is worth looking at; everything else a library offers is not followed. */
const GRAVE =
  /^(?:begin_)?(?:cancel|delete|terminate|deregister|purge|destroy|remove|revoke|disable|schedule|stop|reboot|reset|put|attach|create|run|batch_delete|detach|authorize|get_secret|get_parameter|assume|modify|update|release)/i;

const SDKS: readonly Sdk[] = [
  {
    // boto3.client('ec2').terminate_instances(...)
    pattern: /^boto3\.(?:[Ss]ession\(\)\.)?client\(\)\.(\w+)$/,
    words: (match, [service]) => ['aws', service ?? 'unknown', kebab(match[1] ?? '')],
  },
  {
    // boto3.resource('s3').Bucket(name).objects.all().delete()
    pattern: /^boto3\.(?:[Ss]ession\(\)\.)?resource\(\)\.(.+)\.(\w+)$/,
    words: (match) => {
      const thing = kebab(match[1]?.replaceAll(/\(\)|\..*$/g, '') ?? '');
      const verb = match[2] ?? '';
      return /^(?:delete|terminate)/.test(verb)
        ? ['aws', 'resource', `${kebab(verb)}-${thing}`]
        : undefined;
    },
  },
  {
    // new DeleteBucketCommand({...}) of @aws-sdk/client-s3
    pattern: /^@aws-sdk\/client-([\w-]+)\.(\w+)Command$/,
    words: (match) => ['aws', match[1] ?? '', kebab(match[2] ?? '')],
  },
  {
    // new AWS.S3().deleteBucket(...)
    pattern: /^aws-sdk\.(?:clients\.)?(\w+)\(\)\.(\w+)$/,
    words: (match) => ['aws', (match[1] ?? '').toLowerCase(), kebab(match[2] ?? '')],
  },
  {
    // kubernetes.client.CoreV1Api().delete_namespace(name)
    pattern: /^kubernetes\.client\.\w+\(\)\.delete_(collection_)?(?:namespaced_)?(\w+)$/,
    words: (match) => [
      'kubectl',
      'delete',
      kebab(match[2] ?? '').replaceAll('-', ''),
      ...(match[1] === undefined ? ['name'] : ['--all']),
    ],
  },
  {
    pattern: /^@kubernetes\/client-node\..*\.delete(Collection)?(?:Namespaced)?(\w+)$/,
    words: (match) => [
      'kubectl',
      'delete',
      (match[2] ?? '').toLowerCase(),
      ...(match[1] === undefined ? ['name'] : ['--all']),
    ],
  },
  {
    pattern: /^google\.cloud\..*\.(delete\w*)$/,
    words: (match) => ['gcloud', 'library', 'things', kebab(match[1] ?? '')],
  },
  {
    pattern: /^@google-cloud\/.*\.(delete\w*)$/,
    words: (match) => ['gcloud', 'library', 'things', kebab(match[1] ?? '')],
  },
  {
    pattern: /^azure\.mgmt\..*\.(?:begin_)?(delete|purge|deallocate)\w*$/,
    words: (match) => ['az', 'library', match[1] ?? ''],
  },
  {
    pattern: /^azure\.storage\..*\.(delete)\w*$/,
    words: () => ['az', 'storage', 'delete'],
  },
  {
    pattern: /^docker\.(?:from_env|DockerClient)\(\)\.(containers|images|volumes|networks)\.prune$/,
    words: (match) => ['docker', (match[1] ?? '').slice(0, -1), 'prune', '--force'],
  },
  {
    pattern:
      /^(?:stripe\.)?(?:stripe(?:\(\)|\.Stripe\(\))?\.)?(Refund|Payout|Transfer|Charge|PaymentIntent|refunds|payouts|transfers|charges|subscriptions)\.(create|cancel)$/,
    words: (match) => ['stripe', (match[1] ?? '').toLowerCase(), match[2] ?? ''],
  },
  {
    pattern: /(?:^|\.)objects\.all\(\)\.delete$/,
    words: () => ['psql', '-c', 'DELETE FROM every_row'],
  },
];

/** The command line that does what a call of a cloud's library does. */
export function sdkCommand(path: string, args: readonly (string | undefined)[]): Words | undefined {
  for (const { pattern, words } of SDKS) {
    const match = pattern.exec(path);
    if (match === null) continue;
    const verb = path.slice(path.lastIndexOf('.') + 1);
    return GRAVE.test(verb) ? words(match, args) : undefined;
  }
  return undefined;
}
