import { Redactor } from '../redactor.ts';

const redactor = new Redactor();
const secret = 'Xy7kd93Qz';

it.each([
  `mysql -u root -p${secret} db`,
  `/usr/bin/mysqldump --user=x -p'${secret}' db`,
  `sshpass -p '${secret}' ssh joe@host`,
  `docker login -u joe -p ${secret} registry.example.com`,
  `redis-cli -h cache -a ${secret} ping`,
  `mongosh -u joe -p ${secret} admin`,
  `sqlcmd -S db -U sa -P ${secret} -Q "select 1"`,
  `ldapsearch -D cn=admin -w ${secret} -b dc=x`,
  `smbclient //srv/share -U joe%${secret}`,
  `plink -ssh joe@h -pw ${secret} ls`,
  `htpasswd -b .htpasswd joe ${secret}`,
  `htpasswd -nb joe ${secret}`,
  `net user joe ${secret} /add`,
  `sqlplus scott/${secret}@orcl`,
  `jdbc:oracle:thin:scott/${secret}@//db:1521/orcl`,
  `xfreerdp /v:host /u:joe /p:${secret}`,
  `7z a -p${secret} out.7z dir`,
  `zip -P ${secret} out.zip file`,
  `rabbitmqctl add_user joe ${secret}`,
  `openssl rsa -in key.pem -passin pass:${secret}`,
  `echo ${secret} | sudo -S apt update`,
  `echo "joe:${secret}" | chpasswd`,
  `echo -n '${secret}' | docker login --password-stdin -u joe`,
  `wpa_passphrase Home ${secret}`,
  `nmcli dev wifi connect Home password ${secret}`,
  `kubectl create secret generic x --from-literal=password=${secret}`,
])('masks the secret of %s', (line) => {
  const output = redactor.redact(line);
  expect(output.replace(/\[REDACTED:\w+\]/, secret)).toBe(line);
  expect(output).not.toContain(secret);
});

it.each([
  'mkdir -p build/cache2',
  'docker run -p 8080:80 nginx1',
  'mysql -p db',
  'mysql -u root -p${DB_PASSWORD} db',
  'git commit -a -m fix2',
  'tar -U x1',
  'redis-cli -a $REDIS_PASSWORD ping',
  'zip -r out.zip dir1',
  'echo hello1 | grep h',
  'net user',
  'docker login -p "$TOKEN"',
])('leaves %s', (line) => {
  expect(redactor.redact(line)).toBe(line);
});

it('masks on where a value does not end', () => {
  expect(redactor.redact(`mysql -p${'aB3x'.repeat(2000)} db`)).toBe(
    'mysql -p[REDACTED:password] db',
  );
});
