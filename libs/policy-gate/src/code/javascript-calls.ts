import { callTable } from './call-table.ts';

/**
 * What functions of Node, Bun, Deno and well-known packages do. Names are those of `canonical` in
 * javascript.ts: without `.promises`, without a trailing `Sync`, packages like fs under `fs`.
 */
export const JAVASCRIPT_CALLS = callTable({
  shell:
    'child_process.exec execa.execaCommand shelljs.exec shell.exec zx.$ $ Bun.$ execa.$ ' +
    'exec util.promisify().exec',
  command: 'Bun.spawn Deno.run',
  program:
    'child_process.spawn child_process.execFile execa execa.execa cross-spawn cross-spawn.spawn ' +
    'Deno.Command node-pty.spawn spawn execFile',
  code:
    'eval Function vm.runInThisContext vm.runInNewContext vm.runInContext vm.Script setTimeout ' +
    'setInterval module._compile vm2.VM().run',
  delete: 'fs.unlink unlink fs.rmdir Deno.remove Bun.file().delete',
  delete_tree:
    'fs.rm rm fs.remove fs.emptyDir rimraf rimraf.rimraf del del.deleteAsync shelljs.rm trash',
  write:
    'fs.writeFile writeFile fs.outputFile fs.writeJson fs.outputJson fs.createWriteStream Bun.write ' +
    'Deno.writeTextFile Deno.writeFile',
  append: 'fs.appendFile',
  truncate: 'fs.truncate Deno.truncate',
  read: 'fs.readFile readFile fs.createReadStream Deno.readTextFile Deno.readFile Bun.file fs.readJson',
  open: 'fs.open',
  permission: 'fs.chmod fs.chown fs.lchown Deno.chmod Deno.chown shelljs.chmod',
  move: 'fs.rename fs.move Deno.rename shelljs.mv',
  copy: 'fs.copyFile fs.cp fs.copy Deno.copyFile shelljs.cp',
  link: 'fs.symlink fs.link Deno.symlink',
  request:
    'fetch axios axios.get axios.post axios.put axios.patch axios.request axios.head got got.get ' +
    'got.post got.put needle.get needle.post superagent.get superagent.post undici.request ' +
    'undici.fetch node-fetch http.request http.get https.request https.get ' +
    'http.request().write https.request().write http.request().end https.request().end ' +
    'navigator.sendBeacon WebSocket ws ky ky.get ky.post request request.get request.post ' +
    'net.connect().write net.Socket().write net.createConnection().write dns.resolve dns.lookup ' +
    'axios.create().get axios.create().post',
  request_delete: 'axios.delete got.delete ky.delete superagent.delete axios.create().delete',
  mail: '?.sendMail',
  sql:
    '?.query ?.execute ?.exec ?.run ?.raw ?.$executeRaw ?.$executeRawUnsafe ?.$queryRaw ' +
    '?.$queryRawUnsafe pg.Client().query pg.Pool().query pg.Pool().connect().query ' +
    'mysql.createConnection().query mysql2.createConnection().query ' +
    'mysql2.createConnection().execute mysql2.createPool().query mysql.createPool().query ' +
    'better-sqlite3().exec better-sqlite3().prepare sqlite3.Database().run sqlite3.Database().exec ' +
    'knex().raw sequelize.Sequelize().query @prisma/client.PrismaClient().$executeRawUnsafe ' +
    '@prisma/client.PrismaClient().$executeRaw @prisma/client.PrismaClient().$queryRawUnsafe ' +
    'node:sqlite.DatabaseSync().exec sqlite.DatabaseSync().exec',
  print:
    'console.log console.error console.info console.warn console.debug console.dir console.table ' +
    'process.stdout.write process.stderr.write',
  kill: 'process.kill',
  fork: 'child_process.fork cluster.fork',
  socket:
    'net.connect net.createConnection net.Socket net.Socket().connect tls.connect Deno.connect',
  mongo_drop: '?.dropDatabase ?.deleteMany ?.drop ?.dropCollection',
  redis_flush: '?.flushall ?.flushdb ?.flushAll ?.flushDb',
});
