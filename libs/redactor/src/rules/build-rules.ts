import type { TokenRule } from './token-rule.ts';

/** Code hosts, builds, tests, domains, documents. */
export const BUILD_RULES: readonly TokenRule[] = [
  {
    rule: 'teamcity-token',
    kind: 'teamcity_token',
    source:
      'https://github.com/praetorian-inc/noseyparker/blob/main/crates/noseyparker/data/default/builtin/rules/teamcity.yml',
    shapes: ['eyJ0eXAiOiAiVENWMiJ9.<s:36>.<s:40+>'],
    clean: ['eyJ0eXAiOiAiVENWMiJ9.<s:6>'],
  },
  {
    rule: 'jetbrains-token',
    kind: 'jetbrains_token',
    source:
      'https://jetbrains.com/help/youtrack/devportal/authentication-with-permanent-token.html',
    shapes: ['perm:<b:4+>.<b:4+>.<a:30+>', 'perm-<b:4+>.<b:4+>.<a:30+>'],
    clean: ['perm:<b:4>', 'perm:<b:4>.<b:4>', 'perm:read.write.all'],
  },
  {
    rule: 'sonarcloud-token',
    kind: 'sonarqube_token',
    source:
      'https://github.com/trufflesecurity/trufflehog/blob/main/pkg/detectors/sonarcloud/v2/sonarcloud.go',
    shapes: ['sqco_<a:59>'],
    clean: ['sqco_<a:6>'],
  },
  {
    rule: 'nexus-token',
    kind: 'nexus_token',
    source:
      'https://help.sonatype.com/repomanager3/nexus-repository-administration/formats/npm-registry/npm-security',
    shapes: [
      'NpmToken.<h:8>-<h:4>-<h:4>-<h:4>-<h:12>',
      'DockerToken.<h:8>-<h:4>-<h:4>-<h:4>-<h:12>',
    ],
    clean: ['NpmToken.<h:6>'],
  },
  {
    rule: 'packagist-token',
    kind: 'packagist_token',
    source: 'https://github.com/google/osv-scalibr/blob/main/veles/secrets/packagist/detector.go',
    shapes: [
      'packagist_ack_<h:28+>',
      'packagist_acs_<h:64+>',
      'packagist_ort_<h:68>',
      'packagist_out_<h:68>',
      'packagist_uut_<h:68>',
      'packagist_cut_<h:68>',
    ],
    joined: true,
    clean: ['packagist_ort_<h:10>'],
  },
  {
    rule: 'gitlab-session',
    kind: 'gitlab_session',
    source: 'https://github.com/gitleaks/gitleaks/blob/master/cmd/generate/config/rules/gitlab.go',
    shapes: ['_gitlab_session=|<l:32+>'],
    joined: true,
    clean: ['_gitlab_session=<h:6>'],
  },
  {
    rule: 'portainer-token',
    kind: 'portainer_token',
    source:
      'https://github.com/trufflesecurity/trufflehog/blob/main/pkg/detectors/portainertoken/portainertoken.go',
    shapes: ['ptr_<b:40+>'],
    check: 'mixed',
    clean: ['ptr_<b:6>', 'ptr_to_the_next_element'],
  },
  {
    rule: 'workato-token',
    kind: 'workato_token',
    source:
      'https://github.com/betterleaks/betterleaks/blob/main/cmd/generate/config/rules/workato.go',
    shapes: ['wrka-eyJ<s:8+>.<s:16+>.<s:64+>', 'wrka<l:2>-eyJ<s:8+>.<s:16+>.<s:64+>'],
    clean: ['wrka-eyJ<s:8>'],
  },
  {
    rule: 'dnsimple-token',
    kind: 'dnsimple_token',
    source:
      'https://github.com/chgeuer/req_dnsimple/blob/8d263b395d2f99d06ac625f5ae40be61325f9491/lib/req_dnsimple.ex',
    shapes: ['dnsimple_a_<a:32+>', 'dnsimple_u_<a:32+>'],
    clean: ['dnsimple_a_<a:6>'],
  },
  {
    rule: 'porkbun-key',
    kind: 'porkbun_key',
    source: 'https://porkbun.com/llms/guides/getting-started',
    shapes: ['pk1_<h:64>', 'sk1_<h:64>'],
    clean: ['pk1_<h:6>'],
  },
  {
    rule: 'volcengine-access-key-id',
    kind: 'volcengine_access_key',
    source: 'https://www.volcengine.com/docs/6291/216571',
    shapes: ['AKLT<s:40+>'],
    check: 'cased',
    clean: ['AKLT<s:6>'],
  },
  {
    rule: 'baidu-access-key-id',
    kind: 'baidu_access_key',
    source:
      'https://docs.gitguardian.com/secrets-detection/secrets-detection-engine/detectors/specifics/baiducloud_api_keys',
    shapes: ['ALTAK-<a:21+>'],
    check: 'mixed',
    clean: ['ALTAK-<a:6>'],
  },
  {
    rule: 'alibaba-temporary-key-id',
    kind: 'alibaba_access_key',
    source:
      'https://github.com/betterleaks/betterleaks/blob/main/cmd/generate/config/rules/alibaba.go',
    shapes: ['STS.N<a:20+>', 'STS.F<a:20+>', 'CAIS<m:200+>'],
    check: 'digit',
    clean: ['STS.N<a:6>', 'STS.NewTokenServiceClientFactory', 'CAIS<m:60>'],
  },
  {
    rule: 'yandex-iam-token',
    kind: 'yandex_key',
    source: 'https://github.com/gitleaks/gitleaks/blob/master/cmd/generate/config/rules/yandex.go',
    shapes: ['t1.<m:20+>.<m:80+>'],
    clean: ['t1.<m:6>'],
  },
  {
    rule: 'azure-annotated-key',
    kind: 'azure_key',
    source: 'https://github.com/Samsung/CredSweeper/blob/main/credsweeper/rules/config.yaml',
    shapes: ['<a:52>JQQJ9D<a:26+>', '<a:52>JQQJ9H<a:26+>'],
    clean: ['JQQJ9D<a:8>'],
  },
  {
    rule: 'azure-function-key',
    kind: 'azure_function_key',
    source:
      'https://github.com/microsoft/security-utilities/blob/main/src/Microsoft.Security.Utilities.Core/PreciselyClassifiedSecurityKeys/SEC101_158_AzureFunctionIdentifiableKey.cs',
    shapes: [
      '?code=|<s:44>AzFu<s:6>==',
      '&code=|<s:44>AzFu<s:6>==',
      'x-functions-key: |<s:44>AzFu<s:6>==',
    ],
    joined: true,
    clean: ['?code=<s:6>'],
  },
  {
    rule: 'percy-token',
    kind: 'percy_token',
    source: 'https://github.com/trufflesecurity/trufflehog/blob/main/pkg/detectors/percy/percy.go',
    shapes: ['web_<h:64>', 'app_<h:64>', 'auto_<h:64>'],
    clean: ['web_<h:6>', 'web_server'],
  },
  {
    rule: 'chromatic-token',
    kind: 'chromatic_token',
    source: 'https://www.chromatic.com/docs/cli',
    shapes: ['chpt_<h:12+>'],
    check: 'digit',
    clean: ['chpt_<a:6>'],
  },
  {
    rule: 'replay-qa-token',
    kind: 'replay_key',
    source: 'https://docs.replay.io/reference/api-keys',
    shapes: ['lqa_<s:24+>'],
    check: 'mixed',
    clean: ['lqa_<s:6>', 'lqa_results_of_the_last_release_run'],
  },
  {
    rule: 'gitbook-token',
    kind: 'gitbook_token',
    source: 'https://gitbook.com/docs/developers/gitbook-api/authentication',
    shapes: ['gb_api_<a:36+>'],
    clean: ['gb_api_<a:6>'],
  },
  {
    rule: 'outline-key',
    kind: 'outline_key',
    source: 'https://github.com/outline/outline/blob/main/server/models/ApiKey.ts',
    shapes: ['ol_api_<a:36+>', 'ol_secret_<a:32+>'],
    clean: ['ol_api_<a:6>'],
  },
  {
    rule: 'linear-webhook-secret',
    kind: 'linear_key',
    source: 'https://linear.app/developers/sdk-webhooks',
    shapes: ['lin_wh_<a:36+>'],
    clean: ['lin_wh_<a:6>'],
  },
  {
    rule: 'miro-token',
    kind: 'miro_token',
    source: 'https://developers.miro.com/docs/getting-started-with-oauth',
    shapes: ['eyJtaXJvLm9yaWdpbiI6<s:30+>'],
    clean: ['eyJtaXJvLm9yaWdpbiI6<s:6>'],
  },
  {
    rule: 'airtable-oauth-token',
    kind: 'airtable_token',
    source:
      'https://github.com/trufflesecurity/trufflehog/blob/main/pkg/detectors/airtableoauth/airtableoauth.go',
    shapes: ['<a:17>.v1.<s:10+>.<h:40+>'],
    clean: ['<a:17>.v1.<s:10>.<h:6>', 'api.v1.users.list'],
  },
  {
    rule: 'figma-embedded-token',
    kind: 'figma_token',
    source:
      'https://github.com/trufflesecurity/trufflehog/blob/main/pkg/detectors/figmapersonalaccesstoken/v3/figmapersonalaccesstoken.go',
    shapes: ['figp_<s:40+>'],
    clean: ['figp_<s:6>'],
  },
  {
    rule: 'prismic-token',
    kind: 'prismic_token',
    source: 'https://prismic.io/docs/access-token',
    shapes: ['MC5<a:20-24>.<s:20+>'],
    clean: ['MC5<a:6>'],
  },
  {
    rule: 'storyblok-token',
    kind: 'storyblok_token',
    source:
      'https://github.com/trufflesecurity/trufflehog/blob/main/pkg/detectors/storyblokpersonalaccesstoken/storyblok.go',
    shapes: ['<a:22>tt-<d:5-7>-<s:20>'],
    clean: ['<a:22>tt-<d:5>'],
  },
  {
    // BUNDLE_GEMS__EXAMPLE__COM of Bundler: `user:password` of a source of gems.
    rule: 'bundler-credentials',
    kind: 'bundler_credentials',
    source: 'https://github.com/gitleaks/gitleaks/blob/master/config/gitleaks.toml',
    shapes: [
      'BUNDLE_<w:3-80>: "|<h:8>:<h:8>',
      'BUNDLE_<w:3-80>=|<h:8>:<h:8>',
      'BUNDLE_<w:3-80>: "<t:1-40>:|<p:10+>',
    ],
    clean: ['BUNDLE_PATH: "vendor/bundle"'],
  },
];
