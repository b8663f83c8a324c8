import type { TokenRule } from './token-rule.ts';

/** Payments, shops and marketing. */
export const PAYMENT_RULES: readonly TokenRule[] = [
  {
    rule: 'klaviyo-key',
    kind: 'klaviyo_key',
    source: 'https://developers.klaviyo.com/en/docs/authenticate_',
    shapes: ['pk_<h:34>'],
    clean: ['pk_<h:8>', 'pk_live_<a:24>'],
  },
  {
    rule: 'plaid-token',
    kind: 'plaid_token',
    source: 'https://plaid.com/docs/api/items/',
    shapes: [
      'access-sandbox-<h:8>-<h:4>-<h:4>-<h:4>-<h:12>',
      'access-production-<h:8>-<h:4>-<h:4>-<h:4>-<h:12>',
      'access-development-<h:8>-<h:4>-<h:4>-<h:4>-<h:12>',
    ],
    clean: ['access-sandbox-<h:8>'],
  },
  {
    rule: 'adyen-key',
    kind: 'adyen_key',
    source: 'https://docs.adyen.com/development-resources/api-credentials/',
    shapes: ['AQE<b:80+>'],
    check: 'mixed',
    clean: ['AQE<b:12>'],
  },
  {
    rule: 'mollie-or-lob-key',
    kind: 'payment_key',
    source: 'https://docs.mollie.com/docs/authentication',
    shapes: ['live_<a:30+>', 'test_<a:30+>'],
    check: 'digit',
    clean: ['live_<a:8>', 'test_something_with_words', 'live_reload'],
  },
  {
    rule: 'paddle-key',
    kind: 'paddle_key',
    source: 'https://developer.paddle.com/api-reference/about/api-keys',
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
    source: 'https://docs.pagar.me/docs/chaves-de-acesso',
    shapes: ['ak_live_<a:30>', 'ak_test_<a:30>'],
    clean: ['ak_live_<a:6>'],
  },
  {
    rule: 'woocommerce-key',
    kind: 'woocommerce_key',
    source: 'https://woocommerce.github.io/woocommerce-rest-api-docs/#authentication',
    shapes: ['ck_<h:40>', 'cs_<h:40>'],
    clean: ['ck_<h:8>', 'cs_<h:8>'],
  },
  {
    rule: 'flutterwave-test-encryption-key',
    kind: 'payment_key',
    source: 'https://developer.flutterwave.com/docs/encryption',
    shapes: ['FLWSECK_TEST<h:12>', 'FLWSECK_TEST-<h:12>'],
    clean: ['FLWSECK_TEST-<h:4>'],
  },
  {
    rule: 'ebay-cert-id',
    kind: 'ebay_key',
    source: 'https://developer.ebay.com/api-docs/static/gs_create-the-ebay-api-keysets.html',
    shapes: ['PRD-<h:12>-<h:4>-<h:4>-<h:4>-<h:4>', 'SBX-<h:12>-<h:4>-<h:4>-<h:4>-<h:4>'],
    clean: ['PRD-<h:4>'],
  },
  {
    rule: 'stytch-secret',
    kind: 'stytch_secret',
    source: 'https://stytch.com/docs/api/authentication',
    shapes: ['secret-live-<s:36+>', 'secret-test-<s:36+>'],
    clean: ['secret-live-<s:6>', 'secret-test-fixture'],
  },
  {
    rule: 'amazon-mws-token',
    kind: 'amazon_mws_token',
    source:
      'https://developer-docs.amazon.com/sp-api/docs/authorizing-selling-partner-api-applications',
    shapes: ['amzn.mws.<h:8>-<h:4>-<h:4>-<h:4>-<h:12>', 'amzn1.oa2-cs.v1.<h:64>'],
    clean: ['amzn.mws.<h:8>', 'amzn1.application-oa2-client.<h:32>'],
  },
];
