import type { TokenRule } from './token-rule.ts';

/** Services of the web: work, messages, webhooks. */
export const WEB_RULES: readonly TokenRule[] = [
  {
    rule: 'contentful-token',
    kind: 'contentful_token',
    source: 'https://github.com/mongodb/kingfisher/blob/main/data/rules/contentful.yml',
    shapes: ['CFPAT-<s:40+>'],
    clean: ['CFPAT-<s:6>'],
  },
  {
    rule: 'clickup-token',
    kind: 'clickup_token',
    source:
      'https://github.com/betterleaks/betterleaks/blob/main/cmd/generate/config/rules/clickup.go',
    shapes: ['pk_<d:6-9>_<u:32>'],
    clean: ['pk_<d:6>_<u:6>'],
  },
  {
    rule: 'typeform-token',
    kind: 'typeform_token',
    source:
      'https://github.com/trufflesecurity/trufflehog/blob/main/pkg/detectors/typeform/v2/typeform.go',
    shapes: ['tfp_<s:40+>'],
    clean: ['tfp_<s:6>'],
  },
  {
    rule: 'trello-token',
    kind: 'trello_token',
    source: 'https://developer.atlassian.com/cloud/trello/guides/rest-api/authorization/',
    shapes: ['ATTA<h:64+>'],
    clean: ['ATTA<a:6>'],
  },
  {
    rule: 'canva-secret',
    kind: 'canva_secret',
    source:
      'https://github.com/betterleaks/betterleaks/blob/main/cmd/generate/config/rules/canva.go',
    shapes: ['cnvca<s:40+>'],
    clean: ['cnvca<s:6>'],
  },
  {
    rule: 'figma-plan-token',
    kind: 'figma_token',
    source: 'https://www.figma.com/developers/api#access-tokens',
    shapes: ['figu_<s:38+>'],
    clean: ['figu_<s:6>'],
  },
  {
    rule: 'salesforce-session',
    kind: 'salesforce_token',
    source:
      'https://github.com/google/osv-scalibr/blob/main/veles/secrets/salesforceoauth2access/detector.go',
    shapes: ['00D<a:12-15>!<t:60+>'],
    clean: ['00D<a:12>', '00D<a:12>!<t:8>'],
  },
  {
    rule: 'zoho-token',
    kind: 'zoho_token',
    source:
      'https://github.com/trufflesecurity/trufflehog/blob/main/pkg/detectors/zohocrm/zohocrm.go',
    shapes: ['1000.<h:32>.<h:32>'],
    clean: ['1000.<h:4>.<h:4>', '1000.5'],
  },
  {
    rule: 'hubspot-token',
    kind: 'hubspot_token',
    source:
      'https://github.com/trufflesecurity/trufflehog/blob/main/pkg/detectors/hubspot_apikey/v2/apikey.go',
    shapes: [
      'pat-na1-<h:8>-<h:4>-<h:4>-<h:4>-<h:12>',
      'pat-na2-<h:8>-<h:4>-<h:4>-<h:4>-<h:12>',
      'pat-eu1-<h:8>-<h:4>-<h:4>-<h:4>-<h:12>',
      'pat-ap1-<h:8>-<h:4>-<h:4>-<h:4>-<h:12>',
    ],
    clean: ['pat-na1-<h:8>'],
  },
  {
    rule: 'mapbox-secret-token',
    kind: 'mapbox_token',
    source: 'https://github.com/mongodb/kingfisher/blob/main/data/rules/mapbox.yml',
    shapes: ['sk.eyJ<s:40+>.<s:20+>', 'tk.eyJ<s:40+>.<s:20+>'],
    clean: ['sk.eyJ<s:8>'],
  },
  {
    rule: 'dropbox-token',
    kind: 'dropbox_token',
    source: 'https://github.com/Samsung/CredSweeper/blob/main/credsweeper/rules/config.yaml',
    shapes: ['sl.u.<s:77+>', 'sl.<s:120+>'],
    clean: ['sl.<s:20>', 'sl.u.<s:8>'],
  },
  {
    rule: 'telnyx-key',
    kind: 'telnyx_key',
    source:
      'https://github.com/betterleaks/betterleaks/blob/main/cmd/generate/config/rules/telnyx.go',
    shapes: ['KEY0<h:31>_<a:22>', 'KEY<a:32>_<s:20+>'],
    check: 'digit',
    clean: ['KEY<a:8>', 'KEY_NAME_WITH_WORDS'],
  },
  {
    rule: 'voiceflow-key',
    kind: 'voiceflow_key',
    source:
      'https://github.com/trufflesecurity/trufflehog/blob/main/pkg/detectors/voiceflow/voiceflow.go',
    shapes: ['VF.DM.<h:24>.<a:16>', 'VF.WS.<h:24>.<a:16>', 'VF.<h:24>.<a:16>'],
    clean: ['VF.DM.<h:6>'],
  },
  {
    rule: 'segment-token',
    kind: 'segment_token',
    source:
      'https://github.com/praetorian-inc/noseyparker/blob/main/crates/noseyparker/data/default/builtin/rules/segment.yml',
    shapes: ['sgp_<a:60+>'],
    check: 'mixed',
    clean: ['sgp_<a:8>'],
  },
  {
    rule: 'scrapfly-key',
    kind: 'scrapfly_key',
    source:
      'https://github.com/trufflesecurity/trufflehog/blob/main/pkg/detectors/scrapfly/scrapfly.go',
    shapes: ['scp-live-<h:32>', 'scp-test-<h:32>'],
    clean: ['scp-live-<h:6>'],
  },
  {
    rule: 'zapier-webhook',
    kind: 'zapier_webhook',
    source:
      'https://github.com/trufflesecurity/trufflehog/blob/main/pkg/detectors/zapierwebhook/zapierwebhook.go',
    shapes: [
      'hooks.zapier.com/hooks/catch/|<d:4+>/<a:5+>',
      'hooks.zapier.com/hooks/standard/|<d:4+>/<a:20+>',
    ],
    joined: true,
    clean: ['hooks.zapier.com/hooks/catch/<id>'],
  },
  {
    rule: 'ifttt-webhook',
    kind: 'ifttt_webhook',
    source: 'https://gist.github.com/kotobuki/142337c3ecbc51ee244b977f154036c4',
    shapes: ['/with/key/|<s:20+>'],
    joined: true,
    clean: ['/with/key/<id>', '/with/key/<s:6>'],
  },
  {
    rule: 'tines-webhook',
    kind: 'tines_webhook',
    source:
      'https://github.com/trufflesecurity/trufflehog/blob/main/pkg/detectors/tineswebhook/tineswebhook.go',
    shapes: ['.tines.com/webhook/|<h:32>/<h:32>'],
    joined: true,
    clean: ['.tines.com/webhook/<id>'],
  },
  {
    rule: 'make-webhook',
    kind: 'make_webhook',
    source: 'https://apps.make.com/gateway.md',
    shapes: ['.make.com/|<l:32>'],
    joined: true,
    clean: ['.make.com/<id>', 'www.make.com/en/help/tools/webhooks'],
  },
  {
    rule: 'office-webhook',
    kind: 'teams_webhook',
    source: 'https://github.com/gitleaks/gitleaks/blob/master/cmd/generate/config/rules/teams.go',
    shapes: [
      '.webhook.office.com/webhookb2/|<s:36>@<s:36>/IncomingWebhook/<a:32>/<s:36+>',
      'outlook.office.com/webhook/|<s:36>@<s:36>/IncomingWebhook/<a:32>/<s:36+>',
    ],
    joined: true,
    clean: ['outlook.office.com/webhook/<id>'],
  },
  {
    rule: 'google-chat-webhook',
    kind: 'google_chat_webhook',
    source: 'https://github.com/caronc/apprise/wiki/Notify_googlechat',
    shapes: ['/messages?key=|<s:39>&token=<p:40+>'],
    joined: true,
    clean: ['/messages?key=<key>'],
  },
  {
    rule: 'pagerduty-token',
    kind: 'pagerduty_token',
    source: 'https://pagerduty.com/fr/blog/updating-your-tools-for-api-scopes',
    shapes: ['pdus+_<s:20+>', 'pdeu+_<s:20+>'],
    clean: ['pdus+_<s:4>'],
  },
  {
    rule: 'twitch-stream-key',
    kind: 'twitch_key',
    source:
      'https://github.com/praetorian-inc/noseyparker/blob/main/crates/noseyparker/data/default/builtin/rules/twitch.yml',
    shapes: ['live_<d:7-10>_<a:28+>'],
    clean: ['live_<d:7>_<a:4>'],
  },
  {
    rule: 'twitch-oauth-token',
    kind: 'twitch_key',
    source: 'https://dev.twitch.tv/docs/chat/authenticating/',
    shapes: ['oauth:|<l:30>'],
    clean: ['oauth:<l:6>', 'oauth:token'],
  },
  {
    rule: 'twitter-bearer-token',
    kind: 'twitter_token',
    source: 'https://github.com/Samsung/CredSweeper/blob/main/credsweeper/rules/config.yaml',
    shapes: ['AAAAAAAAAAAAAAAAAAAAA<p:60+>'],
    check: 'digit',
    clean: ['AAAAAAAAAAAAAAAAAAAAA<p:6>'],
  },
  {
    rule: 'instagram-token',
    kind: 'instagram_token',
    source: 'https://github.com/Samsung/CredSweeper/blob/main/credsweeper/rules/config.yaml',
    shapes: ['IGQVJ<s:100+>', 'IGAA<s:100+>', 'IGQWR<s:100+>'],
    clean: ['IGQVJ<s:8>'],
  },
  {
    rule: 'linkedin-secret',
    kind: 'linkedin_token',
    source:
      'https://learn.microsoft.com/en-us/linkedin/talent/apply-with-linkedin/awli-release-notes?view=li-lts-2026-03',
    shapes: ['WPL_AP1.<a:16>.<b:8+>', 'WPL_AP0.<a:12+>.<b:8+>'],
    clean: ['WPL_AP1.<a:6>'],
  },
  {
    rule: 'intercom-token',
    kind: 'intercom_token',
    source: 'https://github.com/mongodb/kingfisher/blob/main/data/rules/intercom.yml',
    shapes: ['dG9rOj<b:50+>'],
    clean: ['dG9rOj<b:6>'],
  },
  {
    rule: 'discord-bot-token',
    kind: 'discord_token',
    source:
      'https://github.com/google/osv-scalibr/blob/main/veles/secrets/discordbottoken/detector.go',
    // The id is a number of 17 to 19 digits in base64: its first two digits decide the first three units.
    shapes: ['MT', 'Mj', 'Mz', 'ND', 'NT', 'Nj', 'Nz', 'OD', 'OT'].flatMap((first) =>
      Array.from('AEIMQUYcgk', (second) => `${first}${second}<a:18-25>.<s:6>.<s:27+>`),
    ),
    clean: ['MTA<a:20>.<s:6>.<s:8>', 'MTA<a:20>'],
  },
  {
    rule: 'adafruit-io-key',
    kind: 'adafruit_key',
    source:
      'https://github.com/praetorian-inc/noseyparker/blob/main/crates/noseyparker/data/default/builtin/rules/adafruitio.yml',
    shapes: ['aio_<a:26-32>'],
    clean: ['aio_<a:6>'],
  },
  {
    rule: 'ionic-token',
    kind: 'ionic_token',
    source: 'https://github.com/mongodb/kingfisher/blob/main/data/rules/ionic.yml',
    shapes: ['ion_<a:42>'],
    clean: ['ion_<a:6>'],
  },
  {
    rule: 'frameio-token',
    kind: 'frameio_token',
    source: 'https://github.com/gitleaks/gitleaks/blob/master/cmd/generate/config/rules/frameio.go',
    shapes: ['fio-u-<s:60+>'],
    clean: ['fio-u-<s:6>'],
  },
  {
    rule: 'pubnub-secret-key',
    kind: 'pubnub_key',
    source: 'https://www.pubnub.com/docs/portal/keysets.md',
    shapes: ['sec-c-<b:40+>'],
    clean: ['sec-c-<b:6>', 'pub-c-<h:8>-<h:4>-<h:4>-<h:4>-<h:12>'],
  },
  {
    rule: 'ubidots-token',
    kind: 'ubidots_token',
    source:
      'https://github.com/trufflesecurity/trufflehog/blob/main/pkg/detectors/ubidots/ubidots.go',
    shapes: ['BBFF-<a:30+>', 'BBUS-<a:30+>'],
    clean: ['BBFF-<a:6>'],
  },
  {
    rule: 'teamwork-token',
    kind: 'teamwork_token',
    source: 'https://github.com/mongodb/kingfisher/blob/main/data/rules/teamworkdesk.yml',
    shapes: ['tkn.v1_<b:60+>'],
    clean: ['tkn.v1_<b:6>'],
  },
  {
    rule: 'apify-token',
    kind: 'apify_token',
    source: 'https://github.com/trufflesecurity/trufflehog/blob/main/pkg/detectors/apify/apify.go',
    shapes: ['apify_api_<a:30+>', 'apify_proxy_<a:20+>'],
    clean: ['apify_api_<a:6>'],
  },
  {
    rule: 'browserbase-key',
    kind: 'browserbase_key',
    source: 'https://docs.browserbase.com/integrations/crew-ai/python',
    shapes: ['bb_live_<s:24+>', 'bb_test_<s:24+>'],
    check: 'mixed',
    clean: ['bb_live_<s:6>'],
  },
  {
    rule: 'svix-key',
    kind: 'svix_key',
    source: 'https://docs.svix.com/quickstart',
    shapes: ['testsk_<s:30+>'],
    clean: ['testsk_<s:6>'],
  },
  {
    rule: 'courier-key',
    kind: 'courier_key',
    source: 'https://github.com/mongodb/kingfisher/blob/main/data/rules/courier.yml',
    shapes: ['pk_prod_<u:28>', 'pk_test_<u:28>'],
    check: 'mixed',
    clean: ['pk_prod_<u:6>', 'pk_test_<a:8>'],
  },
  {
    rule: 'salesforce-consumer-key',
    kind: 'salesforce_token',
    source:
      'https://github.com/trufflesecurity/trufflehog/blob/main/pkg/detectors/salesforceoauth2/salesforceoauth2.go',
    shapes: ['3MVG<t:70+>'],
    clean: ['3MVG<t:8>'],
  },
];
