import type { TokenRule } from './token-rule.ts';

/** Clouds, hosting, databases and infrastructure. */
export const CLOUD_RULES: readonly TokenRule[] = [
  {
    rule: 'aws-access-key-id',
    kind: 'aws_access_key',
    source: 'https://github.com/gitleaks/gitleaks/blob/master/cmd/generate/config/rules/aws.go',
    shapes: ['AKIA<u:16+>'],
    clean: ['AKIAIOSFODNN7EXAMPLE', 'AKIA<u:10>', 'MAKIA<u:16>'],
  },
  {
    rule: 'aws-temporary-key-id',
    kind: 'aws_access_key',
    source: 'https://github.com/gitleaks/gitleaks/blob/master/cmd/generate/config/rules/aws.go',
    shapes: ['ASIA<u:16+>', 'ABIA<u:16+>', 'ACCA<u:16+>', 'A3T<u:17+>'],
    check: 'digit',
    clean: ['ASIAPACIFICREGIONALHEADQUARTERS'],
  },
  {
    rule: 'aws-session-token',
    kind: 'aws_session_token',
    source:
      'https://github.com/trufflesecurity/trufflehog/blob/main/pkg/detectors/aws/session_keys/sessionkey.go',
    shapes: ['IQoJb3JpZ2lu<b:100+>', 'FwoGZXIvYXdz<b:100+>', 'FQoGZXIvYXdz<b:100+>'],
    clean: ['IQoJb3JpZ2lu<b:10>'],
  },
  {
    rule: 'aws-bedrock-api-key',
    kind: 'aws_bedrock_key',
    source: 'https://github.com/gitleaks/gitleaks/blob/master/cmd/generate/config/rules/aws.go',
    shapes: ['ABSK<b:100+>', 'bedrock-api-key-<b:30+>'],
    clean: ['ABSK<a:12>', 'bedrock-api-key-name'],
  },
  {
    rule: 'google-api-key',
    kind: 'google_api_key',
    source: 'https://github.com/betterleaks/betterleaks/blob/main/cmd/generate/config/rules/gcp.go',
    shapes: ['AIza<s:35+>', 'AQ.Ab8<s:40+>'],
    clean: ['AIza<s:20>', 'AIzaxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx'],
  },
  {
    rule: 'google-oauth-client-secret',
    kind: 'google_oauth_secret',
    source:
      'https://github.com/google/osv-scalibr/blob/main/veles/secrets/gcpoauth2client/detector.go',
    shapes: ['GOCSPX-<s:24+>'],
    joined: true,
    clean: ['GOCSPX-your-secret'],
  },
  {
    rule: 'google-oauth-token',
    kind: 'google_oauth_token',
    source: 'https://github.com/Samsung/CredSweeper/blob/main/credsweeper/rules/config.yaml',
    shapes: ['ya29.<s:30+>', '1//0<s:38+>', '4/0A<s:40+>'],
    clean: ['ya29.<s:8>', 'https://a.example/1//0abc'],
  },
  {
    rule: 'azure-client-secret',
    kind: 'azure_client_secret',
    source: 'https://github.com/gitleaks/gitleaks/blob/master/cmd/generate/config/rules/azure.go',
    shapes: ['<a:3><d:1>Q~<n:31-40>'],
    clean: ['abc8Q~short', 'Q~<n:34>'],
  },
  {
    rule: 'azure-storage-key',
    kind: 'azure_storage_key',
    source:
      'https://github.com/microsoft/security-utilities/blob/main/src/Microsoft.Security.Utilities.Core/PreciselyClassifiedSecurityKeys/Azure64ByteIdentifiableKeys.cs',
    shapes: [
      'AccountKey=|<b:80+>',
      'SharedAccessKey=|<b:40+>',
      'SharedSecretKey=|<b:40+>',
      '<a:76>+ASt<a:6>==',
    ],
    joined: true,
    clean: ['AccountKey=<your-key>', 'AccountKey=${STORAGE_KEY}'],
  },
  {
    rule: 'azure-sas-signature',
    kind: 'azure_sas',
    source:
      'https://github.com/microsoft/security-utilities/blob/main/src/Microsoft.Security.Utilities.Core/PotentialSecurityKeys/SEC101_060_LooseSasSecret.cs',
    shapes: ['&sig=|<p:40+>', '?sig=|<p:40+>', 'SharedAccessSignature=|<p:40+>'],
    joined: true,
    clean: ['&sig=abc', '?sig=<signature>'],
  },
  {
    rule: 'azure-devops-pat',
    kind: 'azure_devops_token',
    source:
      'https://github.com/praetorian-inc/noseyparker/blob/main/crates/noseyparker/data/default/builtin/rules/azure.yml',
    shapes: ['<a:76>AZDO<a:4+>'],
    clean: ['AZDO<a:4>'],
  },
  {
    rule: 'digitalocean-token',
    kind: 'digitalocean_token',
    source:
      'https://github.com/gitleaks/gitleaks/blob/master/cmd/generate/config/rules/digitalocean.go',
    shapes: ['dop_v1_<h:64+>', 'doo_v1_<h:64+>', 'dor_v1_<h:64+>'],
    joined: true,
    clean: ['dop_v1_<h:20>', 'dop_v1_token'],
  },
  {
    rule: 'digitalocean-spaces-key',
    kind: 'digitalocean_token',
    source:
      'https://kestra.io/plugins/plugin-digitalocean/digitalocean-spaces-key/io.kestra.plugin.digitalocean.spaces.key.get',
    shapes: ['DO00<u:16>'],
    check: 'mixed',
    clean: ['DO00123'],
  },
  {
    rule: 'heroku-token',
    kind: 'heroku_token',
    source: 'https://github.com/gitleaks/gitleaks/blob/master/cmd/generate/config/rules/heroku.go',
    shapes: ['HRKU-<s:36+>'],
    clean: ['HRKU-<s:8>'],
  },
  {
    rule: 'fly-token',
    kind: 'fly_token',
    source: 'https://github.com/gitleaks/gitleaks/blob/master/cmd/generate/config/rules/flyio.go',
    shapes: ['fo1_<s:40+>', 'FlyV1 |<m:40+>', 'fm1a_<m:80+>', 'fm1r_<m:80+>', 'fm2_<m:80+>'],
    clean: ['fo1_short', 'FlyV1 token'],
  },
  {
    rule: 'vercel-token',
    kind: 'vercel_token',
    source:
      'https://github.com/betterleaks/betterleaks/blob/main/cmd/generate/config/rules/vercel.go',
    shapes: [
      'vcp_<s:50+>',
      'vci_<s:50+>',
      'vca_<s:50+>',
      'vcr_<s:50+>',
      'vck_<s:50+>',
      'vercel_blob_rw_<w:30+>',
    ],
    check: 'digit',
    clean: ['vcp_short', 'vci_some_identifier_without_digits'],
  },
  {
    rule: 'netlify-token',
    kind: 'netlify_token',
    source:
      'https://github.com/trufflesecurity/trufflehog/blob/main/pkg/detectors/netlify/v2/netlify_v2.go',
    shapes: ['nfp_<a:36+>', 'nfc_<a:36+>', 'nfo_<a:36+>', 'nfu_<a:36+>', 'nfb_<a:36+>'],
    clean: ['nfp_<a:10>'],
  },
  {
    rule: 'render-token',
    kind: 'render_token',
    source:
      'https://github.com/betterleaks/betterleaks/blob/main/cmd/generate/config/rules/render.go',
    shapes: ['rnd_<a:28+>'],
    clean: ['rnd_<a:8>', 'rnd_state_of_the_generator'],
  },
  {
    rule: 'cloudflare-origin-ca-key',
    kind: 'cloudflare_token',
    source:
      'https://github.com/gitleaks/gitleaks/blob/master/cmd/generate/config/rules/cloudflare.go',
    shapes: ['v1.0-<h:24>-<h:146>'],
    clean: ['v1.0-<h:24>-<h:8>', 'v1.0-alpha'],
  },
  {
    rule: 'cloudflare-token',
    kind: 'cloudflare_token',
    source: 'https://developers.cloudflare.com/fundamentals/api/get-started/token-formats',
    shapes: ['cfk_<a:40+>', 'cfut_<a:40+>', 'cfat_<a:40+>'],
    clean: ['cfut_<a:10>'],
  },
  {
    rule: 'hashicorp-vault-token',
    kind: 'vault_token',
    source: 'https://github.com/Samsung/CredSweeper/blob/main/credsweeper/rules/config.yaml',
    shapes: ['hvs.<s:24+>', 'hvb.<s:24+>', 'hvr.<s:24+>'],
    check: 'digit',
    clean: ['hvs.<s:6>', 'hvs.internalServiceEndpointHandler'],
  },
  {
    rule: 'terraform-cloud-token',
    kind: 'terraform_token',
    source:
      'https://github.com/gitleaks/gitleaks/blob/master/cmd/generate/config/rules/hashicorp.go',
    shapes: ['<a:14>.atlasv1.<t:60+>'],
    clean: ['.atlasv1.<t:20>', '<a:14>.atlasv1.<t:20>'],
  },
  {
    rule: 'pulumi-token',
    kind: 'pulumi_token',
    source: 'https://github.com/gitleaks/gitleaks/blob/master/cmd/generate/config/rules/pulumi.go',
    shapes: ['pul-<h:40+>'],
    clean: ['pul-<h:12>'],
  },
  {
    rule: 'doppler-token',
    kind: 'doppler_token',
    source:
      'https://github.com/trufflesecurity/trufflehog/blob/main/pkg/detectors/doppler/doppler.go',
    shapes: [
      'dp.pt.<a:40+>',
      'dp.ct.<a:40+>',
      'dp.sa.<a:40+>',
      'dp.scim.<a:40+>',
      'dp.audit.<a:40+>',
      'dp.st.<a:40+>',
      'dp.st.<s:2-35>.<a:40+>',
    ],
    clean: ['dp.pt.<a:10>'],
  },
  {
    rule: '1password-token',
    kind: 'onepassword_token',
    source:
      'https://github.com/gitleaks/gitleaks/blob/master/cmd/generate/config/rules/1password.go',
    shapes: [
      'ops_eyJ<m:100+>',
      'A3-<u:6>-<u:6>-<u:5>-<u:5>-<u:5>-<u:5>',
      'A3-<u:6>-<u:11>-<u:5>-<u:5>-<u:5>',
    ],
    clean: ['ops_eyJ<m:12>', 'A3-FORMAT-PAPER'],
  },
  {
    rule: 'databricks-token',
    kind: 'databricks_token',
    source:
      'https://github.com/gitleaks/gitleaks/blob/master/cmd/generate/config/rules/databricks.go',
    shapes: ['dapi<h:32>-<d:1>', 'dapi<h:32+>', 'dose<h:32+>'],
    clean: ['dapi<h:12>'],
  },
  {
    rule: 'planetscale-token',
    kind: 'planetscale_token',
    source:
      'https://github.com/betterleaks/betterleaks/blob/main/cmd/generate/config/rules/planetscale.go',
    shapes: ['pscale_tkn_<n:32+>', 'pscale_pw_<n:32+>', 'pscale_oauth_<n:32+>'],
    joined: true,
    clean: ['pscale_tkn_id'],
  },
  {
    rule: 'supabase-token',
    kind: 'supabase_token',
    source: 'https://github.com/google/osv-scalibr/blob/main/veles/secrets/supabase/detector.go',
    shapes: ['sbp_<l:40+>', 'sbp_v0_<h:40+>', 'sbp_oauth_<h:40+>', 'sb_secret_<s:31+>'],
    clean: ['sbp_<h:10>', 'sb_secret_key', 'sb_publishable_<s:31>'],
  },
  {
    rule: 'neon-token',
    kind: 'neon_token',
    source:
      'https://github.com/betterleaks/betterleaks/blob/main/cmd/generate/config/rules/neon.go',
    shapes: ['napi_<l:40+>', 'npg_<a:12+>'],
    check: 'digit',
    clean: ['napi_<l:10>', 'npg_catalog'],
  },
  {
    rule: 'mongodb-atlas-token',
    kind: 'mongodb_token',
    source:
      'https://github.com/betterleaks/betterleaks/blob/main/cmd/generate/config/rules/mongodb.go',
    shapes: ['mdb_sa_sk_<s:40+>'],
    joined: true,
    clean: ['mdb_sa_sk_id'],
  },
  {
    rule: 'aiven-token',
    kind: 'aiven_token',
    source: 'https://github.com/mongodb/kingfisher/blob/main/data/rules/aiven.yml',
    shapes: ['aivenv1 |<m:100+>', 'AVNS_<s:16+>'],
    clean: ['AVNS_<s:5>', 'aivenv1 <token>'],
  },
  {
    rule: 'tailscale-key',
    kind: 'tailscale_key',
    source: 'https://tailscale.com/kb/1277/key-prefixes',
    shapes: [
      'tskey-auth-<s:20+>',
      'tskey-api-<s:20+>',
      'tskey-client-<s:20+>',
      'tskey-scim-<s:20+>',
      'tskey-webhook-<s:20+>',
    ],
    joined: true,
    clean: ['tskey-auth-<s:4>'],
  },
  {
    rule: 'age-secret-key',
    kind: 'age_secret_key',
    source: 'https://github.com/gitleaks/gitleaks/blob/master/cmd/generate/config/rules/age.go',
    shapes: ['AGE-SECRET-KEY-1<u:58+>', 'AGE-SECRET-KEY-PQ-1<u:58+>'],
    joined: true,
    clean: ['AGE-SECRET-KEY-1<u:10>', 'age1<l:58>'],
  },
  {
    rule: 'alibaba-access-key-id',
    kind: 'alibaba_access_key',
    source:
      'https://github.com/betterleaks/betterleaks/blob/main/cmd/generate/config/rules/alibaba.go',
    shapes: ['LTAI<a:16+>'],
    check: 'mixed',
    clean: ['LTAI<a:6>'],
  },
  {
    rule: 'tencent-secret-id',
    kind: 'tencent_secret_id',
    source: 'https://tencentcloud.com/document/api/1035/41177',
    shapes: ['AKID<a:32+>'],
    check: 'mixed',
    clean: ['AKID<a:12>'],
  },
  {
    rule: 'yandex-cloud-key',
    kind: 'yandex_key',
    source: 'https://github.com/gitleaks/gitleaks/blob/master/cmd/generate/config/rules/yandex.go',
    shapes: ['AQVN<s:35+>', 'YCAJE<s:20+>', 'y0_<s:50+>'],
    clean: ['AQVN<s:8>'],
  },
  {
    rule: 'scaleway-access-key',
    kind: 'scaleway_key',
    source: 'https://www.npmjs.com/package/@scaleway/sdk',
    shapes: ['SCW<u:17>'],
    check: 'digit',
    clean: ['SCW<u:5>'],
  },
];
