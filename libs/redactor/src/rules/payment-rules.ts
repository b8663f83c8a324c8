import type { TokenRule } from './token-rule.ts';

/** Payments, shops and marketing. */
export const PAYMENT_RULES: readonly TokenRule[] = [
  {
    rule: 'klaviyo-key',
    kind: 'klaviyo_key',
    source:
      'https://github.com/trufflesecurity/trufflehog/blob/main/pkg/detectors/klaviyo/klaviyo.go',
    shapes: ['pk_<h:34>', 'pk_<a:6>_<h:34>'],
    clean: ['pk_<h:8>', 'pk_live_<a:24>'],
  },
  {
    rule: 'plaid-token',
    kind: 'plaid_token',
    source: 'https://github.com/plaid/plaid-openapi/blob/master/2020-09-14.yml',
    shapes: [
      'access-sandbox-<h:8>-<h:4>-<h:4>-<h:4>-<h:12>',
      'access-production-<h:8>-<h:4>-<h:4>-<h:4>-<h:12>',
      'access-development-<h:8>-<h:4>-<h:4>-<h:4>-<h:12>',
    ],
    clean: ['access-sandbox-<h:8>'],
  },
  {
    rule: 'mollie-or-lob-key',
    kind: 'payment_key',
    source: 'https://github.com/mollie/mollie-api-node/blob/master/MIGRATION.md',
    shapes: ['live_<a:30+>', 'test_<a:30+>'],
    check: 'digit',
    clean: ['live_<a:8>', 'test_something_with_words', 'live_reload'],
  },
  {
    rule: 'paddle-key',
    kind: 'paddle_key',
    source:
      'https://github.com/betterleaks/betterleaks/blob/main/cmd/generate/config/rules/paddle.go',
    shapes: [
      'pdl_live_apikey_<a:26>_<a:22>_<a:3>',
      'pdl_sdbx_apikey_<a:26>_<a:22>_<a:3>',
      'pdl_ntfset_<a:26>_<b:32+>',
    ],
    clean: ['pdl_live_apikey_<a:6>'],
  },
  {
    rule: 'pagarme-key',
    kind: 'pagarme_key',
    source: 'https://github.com/mongodb/kingfisher/blob/main/data/rules/pagarme.yml',
    shapes: ['ak_live_<a:30>', 'ak_test_<a:30>'],
    clean: ['ak_live_<a:6>'],
  },
  {
    rule: 'woocommerce-key',
    kind: 'woocommerce_key',
    source: 'https://github.com/woocommerce/woocommerce-rest-api-js-lib/blob/master/README.md',
    shapes: ['ck_<h:40>', 'cs_<h:40>'],
    clean: ['ck_<h:8>', 'cs_<h:8>'],
  },
  {
    rule: 'flutterwave-test-encryption-key',
    kind: 'payment_key',
    source:
      'https://github.com/gitleaks/gitleaks/blob/master/cmd/generate/config/rules/flutterwave.go',
    shapes: ['FLWSECK_TEST<h:12>', 'FLWSECK_TEST-<h:12>'],
    clean: ['FLWSECK_TEST-<h:4>'],
  },
  {
    rule: 'ebay-cert-id',
    kind: 'ebay_key',
    source:
      'https://github.com/betterleaks/betterleaks/blob/main/cmd/generate/config/rules/ebay.go',
    shapes: ['PRD-<h:8-12>-<h:4>-<h:4>-<h:4>-<h:4-12>', 'SBX-<h:8-12>-<h:4>-<h:4>-<h:4>-<h:4-12>'],
    clean: ['PRD-<h:4>'],
  },
  {
    rule: 'stytch-secret',
    kind: 'stytch_secret',
    source: 'https://github.com/stytchauth/stytch-node/blob/main/README.md',
    shapes: ['secret-live-<m:36+>', 'secret-test-<m:36+>'],
    clean: ['secret-live-<s:6>', 'secret-test-fixture'],
  },
  {
    rule: 'amazon-mws-token',
    kind: 'amazon_mws_token',
    source:
      'https://github.com/praetorian-inc/noseyparker/blob/main/crates/noseyparker/data/default/builtin/rules/aws.yml',
    shapes: ['amzn.mws.<h:8>-<h:4>-<h:4>-<h:4>-<h:12>', 'amzn1.oa2-cs.v1.<h:64>'],
    clean: ['amzn.mws.<h:8>', 'amzn1.application-oa2-client.<h:32>'],
  },
  {
    rule: 'ramp-secret',
    kind: 'ramp_secret',
    source: 'https://github.com/trufflesecurity/trufflehog/blob/main/pkg/detectors/ramp/ramp.go',
    shapes: ['ramp_sec_<a:48>'],
    clean: ['ramp_sec_<a:6>', 'ramp_id_<a:40>'],
  },
  {
    rule: 'mercury-token',
    kind: 'mercury_token',
    source:
      'https://github.com/betterleaks/betterleaks/blob/main/cmd/generate/config/rules/mercury.go',
    shapes: ['mercury_production_<l:3-6>_<a:40+>_yrucrem'],
    clean: ['mercury_production_<l:3>'],
  },
  {
    rule: 'recharge-token',
    kind: 'recharge_token',
    source:
      'https://github.com/trufflesecurity/trufflehog/blob/main/pkg/detectors/rechargepayments/rechargepayments.go',
    shapes: ['sk_<d:1-2>x<d:1>_<h:64>', 'sk_test_<d:1-2>x<d:1>_<h:64>'],
    clean: ['sk_1x<d:4>'],
  },
  {
    rule: 'checkout-key',
    kind: 'checkout_key',
    source:
      'https://github.com/trufflesecurity/trufflehog/blob/main/pkg/detectors/checkout/checkout.go',
    shapes: [
      'sk_<h:8>-<h:4>-<h:4>-<h:4>-<h:12>',
      'sk_test_<h:8>-<h:4>-<h:4>-<h:4>-<h:12>',
      'sk_sbox_<l:26+>',
    ],
    clean: ['sk_<h:6>', 'sk_test_<h:8>'],
  },
  {
    rule: 'razorpay-key',
    kind: 'razorpay_key',
    source:
      'https://github.com/trufflesecurity/trufflehog/blob/main/pkg/detectors/razorpay/razorpay.go',
    shapes: ['rzp_live_<a:14+>', 'rzp_test_<a:14+>'],
    clean: ['rzp_live_<a:6>', 'rzp_live_key'],
  },
  {
    rule: 'stripe-client-secret',
    kind: 'stripe_client_secret',
    source: 'https://github.com/stripe/openapi/blob/master/openapi/fixtures3.beta.json',
    shapes: ['pi_<a:24>_secret_|<a:20+>', 'seti_<a:24>_secret_|<a:20+>'],
    clean: ['pi_<a:6>', 'pi_<a:24>'],
  },
  {
    rule: 'gocardless-token',
    kind: 'payment_key',
    source:
      'https://github.com/trufflesecurity/trufflehog/blob/main/pkg/detectors/gocardless/gocardless.go',
    shapes: ['live_<s:40+>', 'sandbox_<s:40+>'],
    check: 'cased',
    clean: ['live_<s:6>', 'sandbox_environment_of_the_2nd_kind_with_a_long_name'],
  },
  {
    rule: 'column-key',
    kind: 'column_key',
    source:
      'https://github.com/trufflesecurity/trufflehog/blob/main/pkg/detectors/column/column.go',
    shapes: ['live_<a:27>', 'test_<a:27>'],
    check: 'mixed',
    clean: ['live_<a:6>', 'test_case_of_the_runner'],
  },
  {
    rule: 'rainforest-pay-key',
    kind: 'payment_key',
    source:
      'https://github.com/betterleaks/betterleaks/blob/main/cmd/generate/config/rules/rainforestpay.go',
    shapes: ['apikey_<h:64>'],
    clean: ['apikey_<h:8>'],
  },
  {
    rule: 'midtrans-key',
    kind: 'midtrans_key',
    source:
      'https://github.com/Midtrans/midtrans-nodejs-client/blob/master/examples/expressApp/app.js',
    shapes: ['Mid-server-<s:20+>', 'SB-Mid-server-<s:20+>'],
    clean: ['Mid-server-<s:6>', 'Mid-client-<s:16>'],
  },
  {
    rule: 'xendit-key',
    kind: 'xendit_key',
    source: 'https://github.com/xendit/xendit-node/blob/master/index.ts',
    shapes: ['xnd_production_<b:40+>', 'xnd_development_<b:40+>'],
    clean: ['xnd_production_<a:6>', 'xnd_public_production_<a:40>'],
  },
  {
    rule: 'omise-key',
    kind: 'omise_key',
    source: 'https://github.com/omise/omise-node/blob/master/README.md',
    shapes: ['skey_<l:19>', 'skey_test_<l:19>'],
    check: 'digit',
    clean: ['skey_<l:6>', 'pkey_test_<l:19>'],
  },
  {
    rule: 'mercado-pago-token',
    kind: 'mercado_pago_token',
    source:
      'https://github.com/betterleaks/betterleaks/blob/main/cmd/generate/config/rules/generic_api_key_filter.go',
    shapes: ['APP_USR-<d:8+>-<d:6>-<s:32+>', 'TEST-<d:8+>-<d:6>-<s:32+>'],
    clean: ['APP_USR-<d:6>'],
  },
  {
    rule: 'asaas-key',
    kind: 'asaas_key',
    source:
      'https://github.com/betterleaks/betterleaks/blob/main/cmd/generate/config/rules/asaas.go',
    shapes: ['$aact_prod_<m:20+>', '$aact_hmlg_<m:20+>', '$aact_<b:60+>'],
    check: 'mixed',
    clean: ['$aact_<b:6>', '$aact_prod_<b:6>'],
  },
  {
    rule: 'circle-key',
    kind: 'circle_key',
    source: 'https://developers.circle.com/cpn/concepts/api/api-integration',
    shapes: ['LIVE_API_KEY:<h:32>:<h:32>', 'TEST_API_KEY:<h:32>:<h:32>'],
    clean: ['LIVE_API_KEY:<h:6>'],
  },
  {
    rule: 'robinhood-key',
    kind: 'robinhood_key',
    source:
      'https://github.com/trufflesecurity/trufflehog/blob/main/pkg/detectors/robinhoodcrypto/robinhoodcrypto.go',
    shapes: ['rh-api-<h:8>-<h:4>-<h:4>-<h:4>-<h:12>'],
    clean: ['rh-api-<h:6>'],
  },
  {
    rule: 'coingecko-key',
    kind: 'coingecko_key',
    source: 'https://github.com/coingecko/coingecko-python/blob/main/README.md',
    shapes: ['CG-<a:24>'],
    check: 'cased',
    clean: ['CG-<a:6>', 'CG-Animation'],
  },
  {
    rule: 'alchemy-auth-token',
    kind: 'alchemy_token',
    source:
      'https://github.com/trufflesecurity/trufflehog/blob/main/pkg/detectors/alchemy/alchemy.go',
    shapes: ['alcht_<a:30>'],
    clean: ['alcht_<a:6>'],
  },
  {
    rule: 'quicknode-key',
    kind: 'quicknode_key',
    source:
      'https://github.com/quiknode-labs/qn-guide-examples/blob/main/sample-dapps/solana-token-maker/.env.example',
    shapes: ['QN_<h:32>'],
    clean: ['QN_<h:6>'],
  },
  {
    rule: 'polar-token',
    kind: 'polar_token',
    source:
      'https://github.com/betterleaks/betterleaks/blob/main/cmd/generate/config/rules/polar.go',
    shapes: [
      'polar_oat_<s:20+>',
      'polar_pat_<s:20+>',
      'polar_at_<s:20+>',
      'polar_us_<s:30+>',
      'polar_cst_<s:30+>',
      'polar_mst_<s:30+>',
      'polar_cs_<s:30+>',
      'polar_crt_<s:30+>',
      'polar_whs_<s:30+>',
    ],
    check: 'mixed',
    clean: ['polar_oat_<s:6>', 'polar_ci_<s:30>'],
  },
  {
    rule: 'creem-key',
    kind: 'creem_key',
    source: 'https://github.com/armitage-labs/creem-sdk/blob/main/.env.example',
    shapes: ['creem_<a:20+>', 'creem_test_<a:20+>'],
    check: 'digit',
    clean: ['creem_<a:6>', 'creem_test_mode'],
  },
  {
    rule: 'plaid-processor-token',
    kind: 'plaid_token',
    source: 'https://github.com/plaid/plaid-openapi/blob/master/2020-09-14.yml',
    shapes: [
      'processor-sandbox-<h:8>-<h:4>-<h:4>-<h:4>-<h:12>',
      'processor-production-<h:8>-<h:4>-<h:4>-<h:4>-<h:12>',
    ],
    clean: ['processor-sandbox-<h:6>'],
  },
  {
    rule: 'aftership-key',
    kind: 'aftership_key',
    source: 'https://github.com/AfterShip/tracking-sdk-nodejs/blob/2025-01/README.md',
    shapes: ['asat_<h:32>'],
    clean: ['asat_<h:6>'],
  },
  {
    rule: 'ebay-user-token',
    kind: 'ebay_token',
    source: 'https://github.com/eBay/ebay-oauth-nodejs-client/blob/master/demo/example.js',
    shapes: ['#t^|<b:60+>'],
    joined: true,
    clean: ['#t^<b:6>'],
  },
  {
    rule: 'shopify-theme-token',
    kind: 'shopify_token',
    source:
      'https://github.com/Shopify/cli/blob/main/packages/cli-kit/src/private/node/api/rest.ts',
    shapes: ['shptka_<h:32+>'],
    clean: ['shptka_<h:6>'],
  },
  {
    rule: 'square-sandbox-secret',
    kind: 'square_token',
    source:
      'https://github.com/trufflesecurity/trufflehog/blob/main/pkg/detectors/squareapp/squareapp.go',
    shapes: ['sq0csb-<s:40+>'],
    clean: ['sq0csb-<s:6>'],
  },
  {
    rule: 'flexport-token',
    kind: 'flexport_token',
    source:
      'https://github.com/trufflesecurity/trufflehog/blob/main/pkg/detectors/flexport/flexport.go',
    shapes: ['shltm_<s:40>'],
    clean: ['shltm_<s:6>'],
  },
  {
    rule: 'fleetbase-key',
    kind: 'fleetbase_key',
    source:
      'https://github.com/trufflesecurity/trufflehog/blob/main/pkg/detectors/fleetbase/fleetbase.go',
    shapes: ['flb_live_<a:20>'],
    clean: ['flb_live_<a:6>'],
  },
  {
    rule: 'ticket-tailor-key',
    kind: 'ticket_tailor_key',
    source: 'https://github.com/mongodb/kingfisher/blob/main/data/rules/tickettailor.yml',
    shapes: ['sk_<d:3-6>_<d:4-8>_<h:32>'],
    clean: ['sk_<d:4>'],
  },
];
