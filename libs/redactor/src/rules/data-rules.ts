import type { TokenRule } from './token-rule.ts';

/** Databases, analytics, monitoring and sources of data. */
export const DATA_RULES: readonly TokenRule[] = [
  {
    rule: 'astra-token',
    kind: 'astra_token',
    source:
      'https://github.com/betterleaks/betterleaks/blob/main/cmd/generate/config/rules/datastax.go',
    shapes: ['AstraCS:<a:20+>:<h:64>'],
    clean: ['AstraCS:<a:6>'],
  },
  {
    rule: 'openweather-key',
    kind: 'openweather_key',
    source: 'https://openweathermap.org/appid',
    shapes: ['appid=|<h:32>'],
    clean: ['appid=<h:8>', 'appid=1234'],
  },
  {
    rule: 'consul-gossip-key',
    kind: 'consul_gossip_key',
    source: 'https://developer.hashicorp.com/consul/docs/secure/encryption/gossip/enable',
    shapes: ['encrypt = "|<b:43>="', 'encrypt": "|<b:43>="', 'encrypt":"|<b:43>="'],
    joined: true,
    check: 'mixed',
    clean: ['encrypt = "true"', 'encrypt = "<h:40>"'],
  },
  {
    rule: 'confluent-secret',
    kind: 'confluent_secret',
    source: 'https://docs.confluent.io/cloud/current/using/api-keys.html',
    shapes: ['cflt<b:60>'],
    check: 'mixed',
    clean: ['cflt<b:6>'],
  },
  {
    rule: 'materialize-password',
    kind: 'materialize_password',
    source:
      'https://dev.materialize.com/api/rust/mz_frontegg_auth/app_password/constant.PREFIX.html',
    shapes: ['mzp_<s:40+>'],
    check: 'mixed',
    clean: ['mzp_<h:6>'],
  },
  {
    rule: 'tinybird-token',
    kind: 'tinybird_token',
    source: 'https://www.mintlify.com/tinybirdco/tinybird-sdk-typescript/cli/login',
    shapes: ['p.eyJ<s:20+>.<s:20+>'],
    clean: ['p.eyJ<s:6>'],
  },
  {
    rule: 'dbt-token',
    kind: 'dbt_token',
    source: 'https://docs.getdbt.com/docs/dbt-cloud-apis/authentication',
    shapes: ['dbtc_<s:30+>', 'dbtu_<s:30+>'],
    check: 'mixed',
    clean: ['dbtc_<s:6>'],
  },
  {
    rule: 'hex-token',
    kind: 'hex_token',
    source: 'https://learn.hex.tech/docs/api/api-overview',
    shapes: ['hxtp_<a:32+>', 'hxtw_<a:32+>'],
    check: 'mixed',
    clean: ['hxtp_<h:6>'],
  },
  {
    rule: 'lightdash-token',
    kind: 'lightdash_token',
    source: 'https://docs.lightdash.com/references/service-accounts',
    shapes: ['ldpat_<h:32+>', 'ldsvc_<h:32+>'],
    clean: ['ldpat_<h:6>'],
  },
  {
    rule: 'metabase-key',
    kind: 'metabase_key',
    source: 'https://github.com/metabase/metabase/blob/master/src/metabase/api_keys/schema.clj',
    shapes: ['mb_<b:44>'],
    check: 'mixed',
    clean: ['mb_<b:6>', 'mb_strlen'],
  },
  {
    rule: 'appwrite-key',
    kind: 'appwrite_key',
    source:
      'https://github.com/appwrite/appwrite/blob/main/src/Appwrite/Platform/Modules/Project/Http/Project/Keys/Create.php',
    shapes: ['standard_<h:200+>'],
    clean: ['standard_<h:6>'],
  },
  {
    rule: 'qstash-signing-key',
    kind: 'upstash_token',
    source: 'https://upstash.com/docs/qstash/howto/signature',
    shapes: ['sig_<a:26+>'],
    check: 'mixed',
    clean: ['sig_<a:6>', 'sig_handler'],
  },
  {
    rule: 'pganalyze-key',
    kind: 'pganalyze_key',
    source:
      'https://github.com/trufflesecurity/trufflehog/blob/main/pkg/detectors/pganalyzereadkey/pganalyzereadkey.go',
    shapes: ['pgar_<a:27>'],
    check: 'mixed',
    clean: ['pgar_<a:6>'],
  },
  {
    rule: 'fullstory-key',
    kind: 'fullstory_key',
    source:
      'https://github.com/betterleaks/betterleaks/blob/main/cmd/generate/config/rules/fullstory.go',
    shapes: ['na1.<b:100>', 'eu1.<b:100>'],
    check: 'mixed',
    clean: ['na1.<b:6>'],
  },
  {
    rule: 'growthbook-key',
    kind: 'growthbook_key',
    source:
      'https://github.com/growthbook/growthbook/blob/main/packages/back-end/src/models/ApiKeyModel.ts',
    shapes: ['secret_user_<a:30+>', 'secret_admin_<a:30+>', 'secret_readonly_<a:30+>'],
    check: 'digit',
    clean: ['secret_user_<a:6>', 'secret_user_name'],
  },
  {
    rule: 'devcycle-server-key',
    kind: 'devcycle_key',
    source:
      'https://github.com/betterleaks/betterleaks/blob/main/cmd/generate/config/rules/devcycle.go',
    shapes: ['dvc_server_<w:24+>'],
    check: 'digit',
    clean: ['dvc_server_<w:6>'],
  },
  {
    rule: 'configcat-sdk-key',
    kind: 'configcat_key',
    source:
      'https://github.com/betterleaks/betterleaks/blob/main/cmd/generate/config/rules/configcat.go',
    shapes: ['configcat-sdk-1/<s:22>/<s:22>'],
    clean: ['configcat-sdk-1/<s:6>'],
  },
  {
    rule: 'coralogix-key',
    kind: 'coralogix_key',
    source:
      'https://coralogix.com/docs/developer-portal/apis/log-ingestion/coralogix-rest-api-singles',
    shapes: ['cxup_<a:30>', 'cxtp_<a:30>'],
    clean: ['cxup_<a:6>'],
  },
  {
    rule: 'rootly-key',
    kind: 'rootly_key',
    source:
      'https://github.com/betterleaks/betterleaks/blob/main/cmd/generate/config/rules/rootly.go',
    shapes: ['rootly_<h:64>'],
    clean: ['rootly_<h:6>'],
  },
  {
    rule: 'checkly-key',
    kind: 'checkly_key',
    source: 'https://feedback.checklyhq.com/changelog/introducing-service-api-keys',
    shapes: ['cu_<h:32>', 'sv_<h:32>'],
    clean: ['cu_<h:6>'],
  },
  {
    rule: 'pixie-key',
    kind: 'pixie_key',
    source:
      'https://github.com/praetorian-inc/noseyparker/blob/main/crates/noseyparker/data/default/builtin/rules/newrelic.yml',
    shapes: ['px-api-<h:8>-<h:4>-<h:4>-<h:4>-<h:12>', 'px-dep-<h:8>-<h:4>-<h:4>-<h:4>-<h:12>'],
    clean: ['px-api-<h:6>'],
  },
  {
    rule: 'new-relic-mobile-token',
    kind: 'newrelic_key',
    source:
      'https://github.com/trufflesecurity/trufflehog/blob/main/pkg/detectors/newrelicmobileapptoken/newrelicmobileapptoken.go',
    shapes: ['<a:42>-NRMA'],
    clean: ['-NRMA'],
  },
  {
    rule: 'dynatrace-oauth-secret',
    kind: 'dynatrace_token',
    source:
      'https://docs.dynatrace.com/docs/manage/identity-access-management/access-tokens-and-oauth-clients/access-tokens-legacy',
    shapes: ['dt0s02.<u:8>.<u:64>'],
    clean: ['dt0s02.<u:6>'],
  },
  {
    rule: 'sentry-app-token',
    kind: 'sentry_token',
    source: 'https://github.com/getsentry/sentry/blob/master/src/sentry/types/token.py',
    shapes: ['sntrya_<h:64>', 'sntryi_<h:64>'],
    clean: ['sntrya_<h:6>'],
  },
  {
    rule: 'arcgis-key',
    kind: 'arcgis_key',
    source:
      'https://developers.arcgis.com/net/api-reference/api/ios/Esri.ArcGISRuntime/Esri.ArcGISRuntime.ArcGISConfigurationExtensions.UseApiKey.html',
    shapes: ['AAPK<t:60+>', 'AAPT<t:60+>'],
    check: 'mixed',
    clean: ['AAPK<t:6>'],
  },
  {
    rule: 'maxmind-license-key',
    kind: 'maxmind_key',
    source: 'https://github.com/gitleaks/gitleaks/blob/master/cmd/generate/config/rules/maxmind.go',
    shapes: ['<a:29>_mmk'],
    joined: true,
    secrets: ['<a:6>_<a:29>_mmk'],
    clean: ['<a:6>_mmk'],
  },
  {
    rule: 'locationiq-token',
    kind: 'locationiq_token',
    source:
      'https://github.com/trufflesecurity/trufflehog/blob/main/pkg/detectors/locationiq/locationiq.go',
    shapes: ['pk.<h:32>'],
    clean: ['pk.<h:6>', 'pk.eyJ<a:40>'],
  },
  {
    rule: 'riot-key',
    kind: 'riot_key',
    source: 'https://npmjs.com/package/riot-games-api-wrapper',
    shapes: ['RGAPI-<h:8>-<h:4>-<h:4>-<h:4>-<h:12>'],
    clean: ['RGAPI-<h:6>'],
  },
  {
    rule: 'modrinth-token',
    kind: 'modrinth_token',
    source:
      'https://github.com/modrinth/labrinth/blob/02941d4a2e11138cdbf55b03ffb730de027af922/src/auth/validate.rs',
    shapes: ['mrp_<a:50+>', 'mra_<a:50+>', 'mro_<a:50+>'],
    clean: ['mrp_<a:6>'],
  },
  {
    rule: 'blynk-client-secret',
    kind: 'blynk_secret',
    source: 'https://github.com/mongodb/kingfisher/blob/main/data/rules/blynk.yml',
    shapes: ['oa2-client-id_<s:32>:|<s:40>'],
    clean: ['oa2-client-id_<s:6>'],
  },
  {
    rule: 'finage-key',
    kind: 'finage_key',
    source:
      'https://github.com/trufflesecurity/trufflehog/blob/main/pkg/detectors/finage/finage.go',
    shapes: ['API_KEY<u:32>'],
    check: 'mixed',
    clean: ['API_KEY<u:6>', 'API_KEY_NAME'],
  },
];
