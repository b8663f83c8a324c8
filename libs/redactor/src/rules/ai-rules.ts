import type { TokenRule } from './token-rule.ts';

/** Models, agents and the services around them. */
export const AI_RULES: readonly TokenRule[] = [
  {
    rule: 'together-key',
    kind: 'together_key',
    source:
      'https://github.com/betterleaks/betterleaks/blob/main/cmd/generate/config/rules/togetherai.go',
    shapes: ['tgp_v1_<s:40+>'],
    clean: ['tgp_v1_<s:8>'],
  },
  {
    rule: 'cerebras-key',
    kind: 'cerebras_key',
    source:
      'https://github.com/betterleaks/betterleaks/blob/main/cmd/generate/config/rules/cerebras.go',
    shapes: ['csk-<l:48+>'],
    clean: ['csk-<l:8>'],
  },
  {
    rule: 'voyage-key',
    kind: 'voyage_key',
    source: 'https://github.com/voyage-ai/voyageai-python/blob/main/tests/test_unit.py',
    shapes: ['pa-<s:40+>'],
    check: 'cased',
    clean: ['pa-<s:8>', 'pa-documentation-page-with-a-long-name-and-words'],
  },
  {
    rule: 'jina-key',
    kind: 'jina_key',
    source:
      'https://github.com/praetorian-inc/noseyparker/blob/main/crates/noseyparker/data/default/builtin/rules/jina.yml',
    shapes: ['jina_<a:40+>'],
    clean: ['jina_<a:8>', 'jina_embeddings_v3'],
  },
  {
    rule: 'firecrawl-key',
    kind: 'firecrawl_key',
    source:
      'https://github.com/praetorian-inc/noseyparker/blob/main/crates/noseyparker/data/default/builtin/rules/firecrawl.yml',
    shapes: ['fc-<h:32>'],
    clean: ['fc-<h:8>'],
  },
  {
    rule: 'llamacloud-key',
    kind: 'llamacloud_key',
    source: 'https://github.com/Samsung/CredSweeper/blob/main/credsweeper/rules/config.yaml',
    shapes: ['llx-<s:40+>'],
    clean: ['llx-<a:8>'],
  },
  {
    rule: 'helicone-key',
    kind: 'helicone_key',
    source: 'https://docs.helicone.ai/helicone-headers/helicone-auth',
    shapes: ['sk-helicone-<s:20+>', 'pk-helicone-<s:20+>'],
    clean: ['sk-helicone-<s:4>'],
  },
  {
    rule: 'wandb-key',
    kind: 'wandb_key',
    source:
      'https://github.com/betterleaks/betterleaks/blob/main/cmd/generate/config/rules/weightsandbiases.go',
    shapes: ['wandb_v1_<w:40+>'],
    clean: ['wandb_v1_<w:8>'],
  },
  {
    rule: 'runpod-key',
    kind: 'runpod_key',
    source:
      'https://github.com/betterleaks/betterleaks/blob/main/cmd/generate/config/rules/runpod.go',
    shapes: ['rpa_<u:40><a:6>'],
    clean: ['rpa_<u:8>'],
  },
  {
    rule: 'elevenlabs-key',
    kind: 'elevenlabs_key',
    source: 'https://github.com/mongodb/kingfisher/blob/main/data/rules/elevenlabs.yml',
    shapes: ['sk_<h:48>'],
    clean: ['sk_<h:12>'],
  },
  {
    rule: 'friendli-key',
    kind: 'friendli_key',
    source: 'https://github.com/friendliai/friendli-python/blob/main/src/friendli/core/dataset.py',
    shapes: ['flp_<a:40+>'],
    clean: ['flp_<a:8>'],
  },
  {
    rule: 'mem0-key',
    kind: 'mem0_key',
    source: 'https://github.com/mem0ai/mem0/blob/main/cli/README.md',
    shapes: ['m0-<a:36+>'],
    check: 'mixed',
    clean: ['m0-<a:8>'],
  },
  {
    rule: 'openpipe-key',
    kind: 'openpipe_key',
    source: 'https://github.com/OpenPipe/OpenPipe/blob/main/app/src/server/utils/generateApiKey.ts',
    shapes: ['opk_<h:40+>'],
    clean: ['opk_<h:8>'],
  },
  {
    rule: 'cursor-key',
    kind: 'cursor_key',
    source:
      'https://github.com/betterleaks/betterleaks/blob/main/cmd/generate/config/rules/cursor.go',
    shapes: ['key_<h:64>', 'crsr_<h:64>'],
    clean: ['key_<h:16>', 'crsr_<h:8>'],
  },
  {
    rule: 'devin-key',
    kind: 'devin_key',
    source:
      'https://github.com/betterleaks/betterleaks/blob/main/cmd/generate/config/rules/devin.go',
    shapes: ['apk_user_<b:120+>', 'apk_<b:80+>', 'cog_<l:52>'],
    check: 'digit',
    clean: ['apk_<b:6>', 'cog_<l:6>'],
  },
  {
    rule: 'azure-openai-key',
    kind: 'azure_openai_key',
    source:
      'https://github.com/microsoft/security-utilities/blob/main/GeneratedRegexPatterns/HighConfidenceSecurityModels.json',
    shapes: ['<a:52>JQQJ99<a:24+>'],
    clean: ['JQQJ99<a:10>'],
  },
  {
    rule: 'vectara-key',
    kind: 'vectara_key',
    source: 'https://github.com/vectara/python-sdk/blob/main/reference.md',
    shapes: ['zut_<s:40+>', 'zwt_<s:36+>', 'zqt_<s:36+>'],
    clean: ['zut_<s:6>'],
  },
  {
    rule: 'xai-management-key',
    kind: 'xai_key',
    source:
      'https://github.com/google/osv-scalibr/blob/main/veles/secrets/grokxaiapikey/detector.go',
    shapes: ['xai-token-<a:40+>'],
    clean: ['xai-token-<a:6>'],
  },
  {
    rule: 'openai-ephemeral-key',
    kind: 'openai_key',
    source:
      'https://github.com/openai/openai-python/blob/main/api_reference/openapi.transformed.yml',
    shapes: ['ek_<h:32+>'],
    clean: ['ek_<h:6>'],
  },
  {
    rule: 'amp-token',
    kind: 'sourcegraph_token',
    source:
      'https://github.com/sourcegraph/amp-examples-and-guides/blob/main/agents/tools/amp-usage.js',
    shapes: ['sgamp_user_<u:26>_<h:64>'],
    clean: ['sgamp_user_<w:6>'],
  },
  {
    rule: 'cartesia-key',
    kind: 'cartesia_key',
    source: 'https://github.com/cartesia-ai/cartesia-python/blob/main/README.md',
    shapes: ['sk_car_<a:20+>'],
    check: 'digit',
    clean: ['sk_car_<a:6>'],
  },
  {
    rule: 'chutes-key',
    kind: 'chutes_key',
    source: 'https://www.chutes.ai/docs/getting-started/authentication',
    shapes: ['cpk_<a:20+>.<a:20+>.<a:20+>'],
    clean: ['cpk_<a:6>'],
  },
  {
    rule: 'langwatch-key',
    kind: 'langwatch_key',
    source: 'https://github.com/langwatch/langwatch/blob/main/packages/redaction/src/secrets.ts',
    shapes: ['sk-lw-<s:30+>', 'ik-lw-<s:30+>', 'pat-lw-<s:30+>', 'vk-lw-<s:24+>'],
    check: 'mixed',
    clean: ['sk-lw-<a:6>'],
  },
  {
    rule: 'chroma-key',
    kind: 'chroma_key',
    source:
      'https://github.com/chroma-core/chroma/blob/main/docs/mintlify/docs/run-chroma/clients.mdx',
    shapes: ['ck-<a:40+>'],
    check: 'mixed',
    clean: ['ck-<a:6>', 'ck-editor'],
  },
  {
    rule: 'turbopuffer-key',
    kind: 'turbopuffer_key',
    source: 'https://github.com/turbopuffer/turbopuffer-python/blob/main/README.md',
    shapes: ['tpuf_<a:32+>'],
    clean: ['tpuf_<a:6>'],
  },
  {
    rule: 'codesandbox-key',
    kind: 'codesandbox_key',
    source: 'https://github.com/codesandbox/codesandbox-sdk/blob/main/src/utils/constants.ts',
    shapes: ['csb_v1_<s:40+>'],
    clean: ['csb_v1_<s:6>'],
  },
  {
    rule: 'murf-key',
    kind: 'murf_key',
    source: 'https://github.com/murf-ai/murf-python-sdk/blob/main/README.md',
    shapes: ['ap2_<h:8>-<h:4>-<h:4>-<h:4>-<h:12>'],
    clean: ['ap2_<h:6>'],
  },
  {
    rule: 'photoroom-key',
    kind: 'photoroom_key',
    source:
      'https://github.com/trufflesecurity/trufflehog/blob/main/pkg/detectors/photoroom/photoroom.go',
    shapes: ['sk_pr_<a:1-64>_<h:40>', 'sandbox_sk_pr_<a:1-64>_<h:40>'],
    clean: ['sk_pr_<a:4>'],
  },
  {
    rule: 'salad-cloud-key',
    kind: 'salad_cloud_key',
    source:
      'https://github.com/trufflesecurity/trufflehog/blob/main/pkg/detectors/saladcloudapikey/saladcloudapikey.go',
    shapes: ['salad_cloud_<a:1-7>_<a:30+>'],
    clean: ['salad_cloud_<a:4>'],
  },
  {
    rule: 'scrapegraph-key',
    kind: 'scrapegraph_key',
    source: 'https://github.com/ScrapeGraphAI/scrapegraph-sdk/blob/main/HEALTHCHECK.md',
    shapes: ['sgai-<h:8>-<h:4>-<h:4>-<h:4>-<h:12>'],
    clean: ['sgai-<h:6>'],
  },
  {
    rule: 'modelscope-token',
    kind: 'modelscope_token',
    source:
      'https://docs.gitguardian.com/secrets-detection/secrets-detection-engine/detectors/specifics/modelscope_api_key',
    shapes: ['ms-<h:8>-<h:4>-<h:4>-<h:4>-<h:12>'],
    clean: ['ms-<h:6>', 'ms-transform'],
  },
  {
    rule: 'qianfan-key',
    kind: 'baidu_key',
    source: 'https://github.com/openclaw/docs/blob/main/docs/providers/qianfan.md',
    shapes: ['bce-v3/ALTAK-<a:21>/<h:40>'],
    clean: ['bce-v3/ALTAK-<a:6>'],
  },
  {
    rule: 'minimax-key',
    kind: 'minimax_key',
    source:
      'https://github.com/betterleaks/betterleaks/blob/main/cmd/generate/config/rules/minimax.go',
    shapes: ['sk-api-<s:100+>'],
    clean: ['sk-api-<s:6>', 'sk-api-reference'],
  },
  {
    rule: 'coze-token',
    kind: 'coze_token',
    source:
      'https://github.com/coze-dev/coze-js/blob/main/examples/coze-js-node/src/config/config.default.ts',
    shapes: ['pat_<a:60+>'],
    check: 'mixed',
    clean: ['pat_<a:6>', 'pat_name_of_the_user'],
  },
  {
    rule: 'nomic-key',
    kind: 'nomic_key',
    source: 'https://github.com/nomic-ai/nomic/blob/main/nomic/cli.py',
    shapes: ['nk-<s:40+>'],
    check: 'cased',
    clean: ['nk-<s:6>', 'nk-model-with-a-rather-long-name-and-many-words'],
  },
  {
    rule: 'tripo-key',
    kind: 'tripo_key',
    source: 'https://github.com/VAST-AI-Research/tripo-python-sdk/blob/master/tripo3d/client.py',
    shapes: ['tsk_<s:40+>'],
    check: 'cased',
    clean: ['tsk_<s:6>', 'tsk_name'],
  },
  {
    rule: 'meshy-key',
    kind: 'meshy_key',
    source: 'https://docs.meshy.ai/api-authentication',
    shapes: ['msy_<a:34+>'],
    check: 'digit',
    clean: ['msy_<a:6>'],
  },
  {
    rule: 'letta-key',
    kind: 'letta_key',
    source: 'https://github.com/letta-ai/letta-code/blob/main/src/agent/memory-git.ts',
    shapes: ['sk-let-<b:40+>'],
    clean: ['sk-let-<b:6>'],
  },
  {
    rule: 'requesty-key',
    kind: 'requesty_key',
    source: 'https://github.com/requestyai/ai-sdk-requesty/blob/main/README.md',
    shapes: ['rqsty-sk-<b:40+>'],
    clean: ['rqsty-sk-<b:6>'],
  },
  {
    rule: 'traceloop-key',
    kind: 'traceloop_key',
    source: 'https://traceloop.com/docs/openllmetry/integrations/traceloop',
    shapes: ['tl_<h:32+>'],
    clean: ['tl_<h:6>'],
  },
  {
    rule: 'zep-key',
    kind: 'zep_key',
    source: 'https://github.com/getzep/zep-python/blob/main/README.md',
    shapes: ['z_1dWlkIjoi<t:40+>'],
    clean: ['z_1dWlkIjoi<t:6>'],
  },
  {
    rule: 'kaggle-token',
    kind: 'kaggle_token',
    source: 'https://github.com/Kaggle/kagglehub/blob/main/README.md',
    shapes: ['KGAT_<h:32>'],
    clean: ['KGAT_<h:6>'],
  },
  {
    rule: 'neptune-token',
    kind: 'neptune_token',
    source:
      'https://github.com/neptune-ai/neptune-client/blob/master/src/neptune/internal/constants.py',
    shapes: ['eyJhcGlfYWRkcmVzcyI6<b:60+>'],
    clean: ['eyJhcGlfYWRkcmVzcyI6<b:6>'],
  },
  {
    rule: 'besttime-key',
    kind: 'besttime_key',
    source:
      'https://github.com/trufflesecurity/trufflehog/blob/main/pkg/detectors/besttime/besttime.go',
    shapes: ['pri_<h:32>'],
    clean: ['pri_<h:6>', 'pri_ority'],
  },
  {
    rule: 'builder-io-key',
    kind: 'builder_io_key',
    source: 'https://npmjs.com/package/@builder.io/admin-sdk',
    shapes: ['bpk-<h:32>'],
    clean: ['bpk-<h:6>'],
  },
];
