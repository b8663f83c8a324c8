import type { TokenRule } from './token-rule.ts';

/** Keys of wallets and ledgers. */
export const WALLET_RULES: readonly TokenRule[] = [
  {
    rule: 'bip32-extended-private-key',
    kind: 'wallet_key',
    source: 'https://github.com/satoshilabs/slips/blob/master/slip-0132.md',
    shapes: [
      'xprv<a:107>',
      'yprv<a:107>',
      'zprv<a:107>',
      'tprv<a:107>',
      'uprv<a:107>',
      'vprv<a:107>',
      'Yprv<a:107>',
      'Zprv<a:107>',
      'Uprv<a:107>',
      'Vprv<a:107>',
    ],
    clean: ['xprv<a:6>', 'xpub<a:107>'],
  },
  {
    rule: 'nostr-secret-key',
    kind: 'wallet_key',
    source: 'https://github.com/nostr-protocol/nips/blob/master/19.md',
    shapes: ['nsec1<l:58>', 'ncryptsec1<l:150+>'],
    clean: ['nsec1<l:6>', 'npub1<l:58>'],
  },
  {
    rule: 'cardano-secret-key',
    kind: 'wallet_key',
    source: 'https://github.com/cardano-foundation/CIPs/blob/master/CIP-0005/README.md',
    shapes: ['_sk1|<l:58+>', '_xsk1|<l:150+>'],
    joined: true,
    clean: ['ed25519_sk1<l:6>', 'addr1<l:50>', 'addr_xvk1<l:150>'],
  },
  {
    rule: 'sui-private-key',
    kind: 'wallet_key',
    source:
      'https://sdk.mystenlabs.com/typedoc/functions/_mysten_sui.cryptography.encodeSuiPrivateKey.html',
    shapes: ['suiprivkey1<l:58+>'],
    clean: ['suiprivkey1<l:6>'],
  },
  {
    rule: 'iota-private-key',
    kind: 'wallet_key',
    source:
      'https://docs.iota.org/developer/iota-sdk/references/python/classes/Secp256k1PrivateKey',
    shapes: ['iotaprivkey1<l:58+>'],
    clean: ['iotaprivkey1<l:6>'],
  },
  {
    rule: 'aptos-private-key',
    kind: 'wallet_key',
    source:
      'https://github.com/aptos-foundation/AIPs/blob/main/aips/aip-080-standardize-private-keys.md',
    shapes: ['ed25519-priv-0x<h:64>', 'secp256k1-priv-0x<h:64>'],
    clean: ['ed25519-priv-0x<h:6>', 'ed25519-pub-0x<h:64>'],
  },
  {
    rule: 'tezos-secret-key',
    kind: 'wallet_key',
    source: 'https://github.com/ecadlabs/taquito/blob/main/packages/taquito-utils/src/constants.ts',
    shapes: [
      'edsk<a:50+>',
      'edesk<a:80+>',
      'spsk<a:50+>',
      'spesk<a:80+>',
      'p2sk<a:50+>',
      'p2esk<a:80+>',
      'BLsk<a:50+>',
      'BLesk<a:80+>',
    ],
    check: 'mixed',
    clean: ['edsk<a:6>', 'edpk<a:50>'],
  },
  {
    rule: 'near-secret-key',
    kind: 'wallet_key',
    source: 'https://github.com/near/near-cli-rs/blob/main/docs/GUIDE.en.md',
    shapes: ['ed25519:<a:80+>'],
    clean: ['ed25519:<a:6>', 'ed25519:<a:44>'],
  },
  {
    rule: 'zcash-spending-key',
    kind: 'wallet_key',
    source:
      'https://github.com/zcash/librustzcash/blob/main/components/zcash_protocol/src/constants/mainnet.rs',
    shapes: [
      'secret-extended-key-main1<l:200+>',
      'secret-extended-key-test1<l:200+>',
      'secret-extended-key-regtest1<l:200+>',
    ],
    clean: ['secret-extended-key-main1<l:6>'],
  },
  {
    rule: 'private-key-in-hexadecimal',
    kind: 'private_key',
    source:
      'https://github.com/hashgraph/hedera-sdk-js/blob/main/packages/cryptography/src/EcdsaPrivateKey.js',
    shapes: [
      '302e020100300506032b657004220420<h:64>',
      '3030020100300706052b8104000a04220420<h:64>',
    ],
    clean: ['302e020100300506032b657004220420<h:6>', '302a300506032b6570032100<h:64>'],
  },
  {
    rule: 'lnd-macaroon',
    kind: 'macaroon',
    source: 'https://github.com/lightningnetwork/lnd/blob/master/docs/macaroons.md',
    shapes: ['0201036c6e64<h:80+>'],
    clean: ['0201036c6e64<h:6>'],
  },
  {
    rule: 'infura-project-id',
    kind: 'infura_key',
    source: 'https://github.com/mongodb/kingfisher/blob/main/data/rules/infura.yml',
    shapes: ['infura.io/v3/|<h:32>', 'infura.io/ws/v3/|<h:32>'],
    clean: ['infura.io/v3/<h:8>'],
  },
  {
    rule: 'alchemy-key',
    kind: 'alchemy_key',
    source:
      'https://github.com/trufflesecurity/trufflehog/blob/main/pkg/detectors/alchemy/alchemy.go',
    shapes: ['alchemy.com/v2/|<s:32>', 'alchemyapi.io/v2/|<s:32>'],
    clean: ['alchemy.com/v2/<s:8>'],
  },
];
