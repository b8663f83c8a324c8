import type { TokenRule } from './token-rule.ts';

/** Platforms to build, ship, observe and store with. */
export const PLATFORM_RULES: readonly TokenRule[] = [
  {
    rule: 'jfrog-token',
    kind: 'jfrog_token',
    source: 'https://github.com/Samsung/CredSweeper/blob/main/credsweeper/rules/config.yaml',
    shapes: ['AKCp<a:68+>', 'cmVmdGtuOj<s:54+>'],
    clean: ['AKCp<a:8>', 'cmVmdGtuOj<a:8>'],
  },
  {
    rule: 'harness-token',
    kind: 'harness_token',
    source:
      'https://github.com/betterleaks/betterleaks/blob/main/cmd/generate/config/rules/harness.go',
    shapes: ['pat.<s:22>.<h:24>.<a:20>', 'sat.<s:22>.<h:24>.<a:20>'],
    clean: ['pat.<s:22>', 'sat.scores'],
  },
  {
    rule: 'octopus-key',
    kind: 'octopus_key',
    source:
      'https://github.com/betterleaks/betterleaks/blob/main/cmd/generate/config/rules/octopusdeploy.go',
    shapes: ['API-<u:25-32>'],
    check: 'mixed',
    clean: ['API-<u:6>', 'API-REFERENCE'],
  },
  {
    rule: 'launchdarkly-key',
    kind: 'launchdarkly_key',
    source:
      'https://github.com/trufflesecurity/trufflehog/blob/main/pkg/detectors/launchdarkly/launchdarkly.go',
    shapes: [
      'sdk-<h:8>-<h:4>-<h:4>-<h:4>-<h:12>',
      'api-<h:8>-<h:4>-<h:4>-<h:4>-<h:12>',
      'rel-<h:8>-<h:4>-<h:4>-<h:4>-<h:12>',
    ],
    clean: ['sdk-<h:8>', 'api-<h:8>-<h:4>'],
  },
  {
    rule: 'statsig-key',
    kind: 'statsig_key',
    source: 'https://docs.statsig.com/access-management/api-keys.md',
    shapes: ['secret-<a:40+>'],
    check: 'cased',
    clean: ['secret-<a:8>', 'secret-rotation-policy'],
  },
  {
    rule: 'unleash-token',
    kind: 'unleash_token',
    source: 'https://docs.getunleash.io/concepts/api-tokens-and-client-keys',
    shapes: [':production.|<h:50+>', ':development.|<h:50+>', ':default.|<h:50+>'],
    joined: true,
    clean: [':production.<h:6>'],
  },
  {
    rule: 'flagsmith-key',
    kind: 'flagsmith_key',
    source: 'https://github.com/Flagsmith/flagsmith/blob/main/api/environments/api_keys.py',
    shapes: ['ser.<a:22>'],
    check: 'digit',
    clean: ['ser.<a:6>', 'ser.tokenizer'],
  },
  {
    rule: 'honeycomb-key',
    kind: 'honeycomb_key',
    source: 'https://docs.honeycomb.io/api/authentication',
    shapes: [
      'hcaik_<a:50+>',
      'hcbik_<a:50+>',
      'hccik_<a:50+>',
      'hcxik_<a:50+>',
      'hcamk_<a:20+>:|<a:20+>',
      'hcxmk_<a:20+>:|<a:20+>',
    ],
    clean: ['hcaik_<a:6>'],
  },
  {
    rule: 'axiom-token',
    kind: 'axiom_token',
    source: 'https://axiom.co/docs/restapi/token',
    shapes: ['xaat-<h:8>-<h:4>-<h:4>-<h:4>-<h:12>', 'xapt-<h:8>-<h:4>-<h:4>-<h:4>-<h:12>'],
    clean: ['xaat-<h:8>'],
  },
  {
    rule: 'logfire-token',
    kind: 'logfire_token',
    source:
      'https://docs.gitguardian.com/secrets-detection/secrets-detection-engine/detectors/specifics/pydantic_logfire_token',
    shapes: ['pylf_v1_us_<a:36+>', 'pylf_v1_eu_<a:36+>'],
    clean: ['pylf_v1_us_<a:6>'],
  },
  {
    rule: 'elastic-key',
    kind: 'elastic_key',
    source:
      'https://github.com/google/osv-scalibr/blob/main/veles/secrets/elasticcloudapikey/detector.go',
    shapes: ['essu_<m:60+>'],
    clean: ['essu_<b:8>'],
  },
  {
    rule: 'grafana-api-key',
    kind: 'grafana_token',
    source: 'https://github.com/gitleaks/gitleaks/blob/master/cmd/generate/config/rules/grafana.go',
    shapes: ['eyJrIjoi<b:60+>'],
    clean: ['eyJrIjoi<b:8>'],
  },
  {
    rule: 'dependency-track-key',
    kind: 'dependency_track_key',
    source:
      'https://github.com/praetorian-inc/noseyparker/blob/main/crates/noseyparker/data/default/builtin/rules/dependency_track.yml',
    shapes: ['odt_<a:32+>'],
    clean: ['odt_<a:6>'],
  },
  {
    rule: 'infracost-key',
    kind: 'infracost_key',
    source:
      'https://github.com/gitleaks/gitleaks/blob/master/cmd/generate/config/rules/infracost.go',
    shapes: ['ico-<a:32>'],
    check: 'digit',
    clean: ['ico-<a:6>'],
  },
  {
    rule: 'clojars-token',
    kind: 'clojars_token',
    source: 'https://github.com/Samsung/CredSweeper/blob/main/credsweeper/rules/config.yaml',
    shapes: ['CLOJARS_<h:60>'],
    clean: ['CLOJARS_<h:6>'],
  },
  {
    rule: 'readme-key',
    kind: 'readme_key',
    source: 'https://github.com/gitleaks/gitleaks/blob/master/cmd/generate/config/rules/readme.go',
    shapes: ['rdme_<l:60+>'],
    clean: ['rdme_<l:6>'],
  },
  {
    rule: 'prefect-key',
    kind: 'prefect_key',
    source: 'https://github.com/gitleaks/gitleaks/blob/master/cmd/generate/config/rules/prefect.go',
    shapes: ['pnu_<a:36>', 'pnb_<a:36>'],
    clean: ['pnu_<a:6>'],
  },
  {
    rule: 'posthog-key',
    kind: 'posthog_key',
    source: 'https://github.com/Samsung/CredSweeper/blob/main/credsweeper/rules/config.yaml',
    shapes: ['phx_<s:40+>', 'phr_<s:40+>', 'pha_<s:40+>', 'phs_<s:40+>'],
    clean: ['phx_<s:6>', 'phc_<s:43>'],
  },
  {
    rule: 'settlemint-token',
    kind: 'settlemint_token',
    source:
      'https://github.com/gitleaks/gitleaks/blob/master/cmd/generate/config/rules/settlemint.go',
    shapes: ['sm_aat_<a:16>', 'sm_pat_<a:16>', 'sm_sat_<a:16>'],
    clean: ['sm_aat_<a:4>'],
  },
  {
    rule: 'intra42-secret',
    kind: 'intra42_secret',
    source:
      'https://github.com/trufflesecurity/trufflehog/blob/main/pkg/detectors/intra42/intra42.go',
    shapes: ['s-s4t2ud-<h:64>', 's-s4t2af-<h:64>'],
    clean: ['s-s4t2ud-<h:6>'],
  },
  {
    rule: 'scalingo-token',
    kind: 'scalingo_token',
    source:
      'https://github.com/gitleaks/gitleaks/blob/master/cmd/generate/config/rules/scalingo.go',
    shapes: ['tk-us-<s:48>'],
    clean: ['tk-us-<s:6>'],
  },
  {
    rule: 'inngest-signing-key',
    kind: 'inngest_key',
    source: 'https://api-docs.inngest.com/authentication',
    shapes: ['signkey-prod-<h:32+>', 'signkey-test-<h:32+>', 'signkey-branch-<h:32+>'],
    clean: ['signkey-prod-<h:6>'],
  },
  {
    rule: 'trigger-dev-key',
    kind: 'trigger_dev_key',
    source: 'https://www.trigger.dev/docs/management/authentication',
    shapes: ['tr_dev_<a:20+>', 'tr_prod_<a:20+>', 'tr_stg_<a:20+>', 'tr_pat_<a:36+>'],
    check: 'digit',
    clean: ['tr_dev_<a:6>', 'tr_prod_environment'],
  },
  {
    rule: 'qstash-token',
    kind: 'upstash_token',
    source: 'https://upstash.com/docs/workflow/howto/local-development',
    shapes: ['eyJVc2VySUQi<b:50+>'],
    clean: ['eyJVc2VySUQi<b:6>'],
  },
  {
    rule: 'deno-deploy-token',
    kind: 'deno_token',
    source: 'https://github.com/google/osv-scalibr/blob/main/veles/secrets/denopat/detector.go',
    shapes: ['ddp_<a:36>', 'ddw_<a:36>', 'ddo_<a:36>'],
    clean: ['ddp_<a:6>'],
  },
  {
    rule: 'val-town-token',
    kind: 'valtown_token',
    source:
      'https://github.com/betterleaks/betterleaks/blob/main/cmd/generate/config/rules/valtown.go',
    shapes: ['vtwn_<s:20+>'],
    check: 'digit',
    clean: ['vtwn_<a:4>'],
  },
  {
    rule: 'imagekit-key',
    kind: 'imagekit_key',
    source: 'https://imagekit.io/docs/api-keys',
    shapes: ['private_<b:27+>'],
    check: 'cased',
    clean: ['private_<b:6>', 'private_repository_url_for_packages'],
  },
  {
    rule: 'infisical-token',
    kind: 'infisical_token',
    source: 'https://infisical.com/docs/internals/service-tokens',
    shapes: ['st.<h:24>.<h:32>.<h:32>'],
    clean: ['st.<h:24>', 'st.mock'],
  },
  {
    rule: 'xata-key',
    kind: 'xata_key',
    source: 'https://xata.io/docs/getting-started/authentication',
    shapes: ['xau_<a:33+>'],
    clean: ['xau_<a:6>'],
  },
  {
    rule: 'fauna-key',
    kind: 'fauna_key',
    source: 'https://fauna.github.io/faunadb-swift/Structs/KeyFromSecret.html',
    shapes: ['fnA<s:36+>'],
    check: 'mixed',
    clean: ['fnA<s:6>'],
  },
  {
    rule: 'nightfall-key',
    kind: 'nightfall_key',
    source:
      'https://github.com/trufflesecurity/trufflehog/blob/main/pkg/detectors/nightfall/nightfall.go',
    shapes: ['NF-<a:32>'],
    check: 'digit',
    clean: ['NF-<a:6>'],
  },
  {
    rule: 'snowflake-token',
    kind: 'snowflake_token',
    source:
      'https://docs.snowflake.com/release-notes/2025/other/2025-04-30-programmatic-access-tokens',
    shapes: ['ETMsDgAAA<b:80+>', 'ver:1-hint:<d:4+>-ETMsDgAAA<b:60+>'],
    clean: ['ETMsDgAAA<b:8>'],
  },
  {
    rule: 'docker-swarm-token',
    kind: 'docker_swarm_token',
    source:
      'https://github.com/betterleaks/betterleaks/blob/main/cmd/generate/config/rules/docker.go',
    shapes: ['SWMTKN-1-<l:50+>-<l:24+>', 'SWMKEY-1-<b:40+>'],
    clean: ['SWMTKN-1-<l:6>'],
  },
  {
    rule: 'openshift-token',
    kind: 'openshift_token',
    source:
      'https://github.com/gitleaks/gitleaks/blob/master/cmd/generate/config/rules/openshift.go',
    shapes: ['sha256~<s:43>'],
    clean: ['sha256~<s:8>'],
  },
  {
    rule: 'rancher-token',
    kind: 'rancher_token',
    source: 'https://ranchermanager.docs.rancher.com/v2.13/reference-guides/user-settings/api-keys',
    shapes: ['token-<l:5-12>:|<l:50+>', 'kubeconfig-user-<t:5-40>:|<l:50+>'],
    clean: ['token-<l:5>', 'kubeconfig-user-<l:5>'],
  },
  {
    rule: 'cockroach-key',
    kind: 'cockroach_key',
    source:
      'https://github.com/betterleaks/betterleaks/blob/main/cmd/generate/config/rules/cockroachlabs.go',
    shapes: ['CCDB1_<a:22>_<a:40>'],
    clean: ['CCDB1_<a:8>'],
  },
  {
    rule: 'clickhouse-cloud-key',
    kind: 'clickhouse_key',
    source:
      'https://github.com/gitleaks/gitleaks/blob/master/cmd/generate/config/rules/clickhouse.go',
    shapes: ['4b1d<a:38>'],
    check: 'mixed',
    clean: ['4b1d<a:8>'],
  },
  {
    rule: 'appsync-key',
    kind: 'aws_appsync_key',
    source:
      'https://github.com/trufflesecurity/trufflehog/blob/main/pkg/detectors/aws/appsync/appsync.go',
    shapes: ['da2-<l:26>'],
    clean: ['da2-<l:6>'],
  },
  {
    rule: 'google-hmac-key',
    kind: 'google_hmac_key',
    source: 'https://github.com/google/osv-scalibr/blob/main/veles/secrets/gcshmackey/detector.go',
    shapes: ['GOOG<u:20-57>'],
    check: 'mixed',
    clean: ['GOOG1<u:6>', 'GOOGLE_APPLICATION_CREDENTIALS'],
  },
  {
    rule: 'exoscale-key',
    kind: 'exoscale_key',
    source:
      'https://github.com/betterleaks/betterleaks/blob/main/cmd/generate/config/rules/exoscale.go',
    shapes: ['EXO<h:24+>'],
    check: 'mixed',
    clean: ['EXO<h:6>'],
  },
  {
    rule: 'upcloud-token',
    kind: 'upcloud_token',
    source:
      'https://github.com/betterleaks/betterleaks/blob/main/cmd/generate/config/rules/upcloud.go',
    shapes: ['ucat_<a:24+>'],
    clean: ['ucat_<u:6>'],
  },
  {
    rule: 'azure-search-key',
    kind: 'azure_search_key',
    source:
      'https://github.com/microsoft/security-utilities/blob/main/GeneratedRegexPatterns/PreciselyClassifiedSecurityKeys.json',
    shapes: ['<a:42>AzSe<a:6>'],
    clean: ['AzSe<a:6>'],
  },
  {
    rule: 'akamai-token',
    kind: 'akamai_token',
    source: 'https://github.com/Samsung/CredSweeper/blob/main/credsweeper/rules/config.yaml',
    shapes: ['akab-<l:16>-<l:16>'],
    clean: ['akab-<l:6>'],
  },
  {
    rule: 'defined-networking-key',
    kind: 'defined_networking_key',
    source: 'https://github.com/Samsung/CredSweeper/blob/main/credsweeper/rules/config.yaml',
    shapes: ['dnkey-<u:26>-<u:52>'],
    clean: ['dnkey-<u:6>'],
  },
  {
    rule: 'wundergraph-key',
    kind: 'wundergraph_key',
    source: 'https://github.com/Samsung/CredSweeper/blob/main/credsweeper/rules/config.yaml',
    shapes: ['cosmo_<h:32>'],
    clean: ['cosmo_<h:6>'],
  },
  {
    rule: 'nats-seed',
    kind: 'nats_seed',
    source: 'https://hex.pm/packages/nkeys/0.2.2/files/lib/nkeys.ex',
    shapes: ['SUA<r:55>', 'SAA<r:55>', 'SOA<r:55>', 'SNA<r:55>', 'SCA<r:55>', 'SXA<r:55>'],
    clean: ['SUA<r:8>', 'SUBSCRIPTION'],
  },
];
