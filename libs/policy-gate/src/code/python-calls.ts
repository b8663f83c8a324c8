import { callTable } from './call-table.ts';

/** What functions of Python's library and of well-known packages do. */
export const PYTHON_CALLS = callTable({
  shell:
    'os.system os.popen commands.getoutput subprocess.getoutput subprocess.getstatusoutput ' +
    'asyncio.create_subprocess_shell pexpect.spawn pexpect.run ctypes.CDLL().system ?.exec_command ' +
    'fabric.Connection().run invoke.run pty.spawn',
  command:
    'subprocess.run subprocess.call subprocess.check_call subprocess.check_output subprocess.Popen ' +
    'plumbum.local',
  words:
    'asyncio.create_subprocess_exec os.execl os.execlp os.execle os.execlpe os.spawnl os.spawnlp ' +
    'sh.Command',
  program:
    'os.execv os.execvp os.execve os.execvpe os.posix_spawn os.posix_spawnp os.spawnv os.spawnvp',
  code: 'eval exec compile code.interact runpy.run_path',
  deserialize:
    'pickle.loads pickle.load marshal.loads marshal.load dill.loads cloudpickle.loads shelve.open ' +
    'yaml.unsafe_load joblib.load',
  delete: 'os.remove os.unlink os.rmdir ?.unlink ?.rmdir',
  delete_tree:
    'shutil.rmtree os.removedirs distutils.dir_util.remove_tree ?.rmtree fs.rmtree ?.removetree',
  write:
    'pathlib.Path().write_text ?.write_text ?.write_bytes ?.touch os.mknod numpy.save ?.to_csv ' +
    '?.to_json ?.to_parquet ?.to_excel ?.to_pickle',
  handle_write: 'open().write open().writelines',
  truncate: 'os.truncate',
  read: '?.read_text ?.read_bytes linecache.getlines configparser.ConfigParser().read',
  open: 'open io.open codecs.open os.open gzip.open zipfile.ZipFile tarfile.open ?.open',
  permission: 'os.chmod os.chown os.lchown shutil.chown ?.chmod',
  move: 'os.rename os.replace os.renames shutil.move ?.rename ?.replace',
  copy: 'shutil.copy shutil.copy2 shutil.copyfile shutil.copytree',
  link: 'os.symlink os.link ?.symlink_to ?.hardlink_to',
  request:
    'requests.get requests.post requests.put requests.patch requests.head requests.request ' +
    'requests.Session().get requests.Session().post requests.Session().put requests.Session().request ' +
    'requests.session().get requests.session().post httpx.get httpx.post httpx.put httpx.patch ' +
    'httpx.request httpx.Client().get httpx.Client().post httpx.AsyncClient().get ' +
    'httpx.AsyncClient().post urllib.request.urlopen urllib.request.Request urllib2.urlopen ' +
    'urllib.urlopen aiohttp.ClientSession().get aiohttp.ClientSession().post ' +
    'aiohttp.ClientSession().put aiohttp.request http.client.HTTPConnection ' +
    'http.client.HTTPSConnection http.client.HTTPConnection().request ' +
    'http.client.HTTPSConnection().request websocket.create_connection websockets.connect ' +
    'socket.gethostbyname socket.getaddrinfo ftplib.FTP ftplib.FTP().storbinary ' +
    'socket.socket().sendall socket.socket().send socket.socket().sendto ' +
    'socket.create_connection().sendall socket.create_connection().send',
  request_delete:
    'requests.delete requests.Session().delete requests.session().delete httpx.delete ' +
    'httpx.Client().delete httpx.AsyncClient().delete aiohttp.ClientSession().delete',
  mail: '?.sendmail ?.send_message yagmail.SMTP().send smtplib.SMTP().sendmail smtplib.SMTP().send_message',
  download: 'urllib.request.urlretrieve urllib.urlretrieve wget.download',
  sql:
    '?.execute ?.executemany ?.executescript ?.exec_driver_sql pandas.read_sql pandas.read_sql_query ' +
    'sqlite3.connect().execute sqlite3.connect().executescript sqlite3.connect().cursor().execute ' +
    'psycopg2.connect().cursor().execute psycopg.connect().execute psycopg.connect().cursor().execute ' +
    'pymysql.connect().cursor().execute MySQLdb.connect().cursor().execute ' +
    'mysql.connector.connect().cursor().execute sqlalchemy.create_engine().execute ' +
    'sqlalchemy.create_engine().connect().execute sqlalchemy.create_engine().begin().execute ' +
    'django.db.connection.cursor().execute django.db.connection.execute',
  print:
    'print pprint.pprint pprint sys.stdout.write sys.stderr.write logging.info logging.debug ' +
    'logging.warning logging.error rich.print',
  kill: 'os.kill os.killpg',
  fork: 'os.fork os.forkpty',
  socket: 'socket.socket socket.create_connection socket.socket().connect socket.socket().bind',
  redirect: 'os.dup2',
  mongo_drop:
    '?.drop_database ?.drop_collection ?.delete_many ?.drop pymongo.MongoClient().drop_database',
  redis_flush: '?.flushall ?.flushdb redis.Redis().flushall redis.Redis().flushdb',
  orm_delete_all: '?.drop_all',
});
