/** Words of which names in programs and messages are made, in lower case: what a random value does not have. */
export const NAME_WORDS: ReadonlySet<string> = new Set(
  `able about access account action active actor adapter add address admin after agent alert algorithm alias all allow
  answer any api app application apply arg args argument array assert asset assign async atom attempt attr attribute audit auth
  author authorization await back backend background balance bar base based basic batch before bearer begin best between big
  bind binding bit block body book bool boolean both bound box branch break bridge broker browser bucket buffer build builder bundle
  button byte bytes cache call callback camel cancel canvas card case cast catch cert certificate chain challenge change
  channel char chart check child class clean clear click client clock clone close cloud cluster code codec col collection color column
  command comment commit common compare compile complete component compose compute config configuration confirm connect
  connection const constant constructor consumer container content context control controller convert cookie copy core
  count counter country create created credential credentials cross crypt crypto current cursor custom customer cycle
  dashboard data database date day debug decimal declare decode decrypt deep default define definition delay delegate delete
  demo deploy depth desc description design dest detail detect dev device dialog dict dictionary diff digest dir direct directory
  disable disabled dispatch display document domain done down download draft driver drop dummy dump duration dynamic each edge edit editor
  element email empty enable enabled encode encoded encoder encrypt encrypted encryption end endpoint engine entity entry enum env
  environment equal error escape eval event every example exception exec execute exist exists exit expand expect expected
  expire expired explicit export expr expression extend extension external extract factory fail failed failure fake false feature
  fetch field file files filter final find first fixed flag flat float flow flush fn focus folder follow font foo for force
  foreign form format forward frame free from full func function gate gateway generate generator generic get global go grant graph group
  guard handle handler has hash head header headers health height hello help helper hidden hide history home hook host hot html http
  icon id identifier identity if ignore image immutable impl import in include incoming index info init inner input insert instance
  int integer interface internal interval into invalid invoke is item items iter iterator job join json jwt keep key keys kind label
  lambda language last layer layout lazy left length level lib library license life light limit line link list listener literal load
  loader local locale location lock log logger login logout long lookup loop low machine mail main make manager map mapping mark
  mask master match math max maximum media member memory merge message meta metadata method metric middle migrate min minimum mock mode model
  module monitor month mount move multi mutable mutex my name named namespace native need nested net network new next no node none
  normal not note notify null num number object off offset old on once one only open operation operator option optional options or order
  origin other out outer output over override own owner pack package page pair panel param parameter parent parse parser part partial
  pass passkey passphrase passwd password past patch path pattern pay payload peer pending per permission person phone pin ping pipe
  plain plan platform player plugin point pointer policy pool pop port position post prefix prepare present prev preview price primary
  print prior private process processor producer product profile program progress project promise prompt prop properties property protected
  protocol provider proxy public publish publisher pull push put query queue quick quote random range rate raw react read reader ready
  real reason receive record redirect redis reduce ref reference refresh region register registry reject relation release reload remote remove
  render repeat replace reply repo report repository request require required reset resolve resource response rest result retry return
  reverse review right role root rotate round route router row rule run runner runtime safe sample save scale scan schedule schema scheme scope
  score screen script scroll search second secret section secure security seed segment select selector self send sender sensitive
  sequence serial serialize server service session set setting settings setup shape share shared shell short should show side sign
  signature signed signer signing silent simple single site size skip slice slot small snapshot socket sort source space spec special split
  sql stack stage start state statement static status step stop storage store stream strict string strip strong struct style sub subject
  submit subscribe success suffix sum super support swap switch symbol sync syntax system table tag target task team temp template tenant
  term test testing text theme then thing this thread throw time timeout timer timestamp title to todo token tokens tool top topic total trace
  track transaction transfer transform transient translate tree trigger true trust try tuple two type types uint ui uid undefined unique unit
  unknown unlock until up update upload url use used user username users using util utils uuid valid validate validation validator value values
  var variable vault vector verify version view virtual visible void volume wait walk wallet watch web week when where while widget width
  window with without word words work worker workflow wrap wrapper write writer xml year yes zone semicolon comma colon paren brace bracket opening closing keyword punctuator three four`.split(
    /\s+/,
  ),
);
