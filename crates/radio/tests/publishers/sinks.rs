//! Servers to which a station publishes, as processes of the test.
#![allow(dead_code)]

use std::fs::Permissions;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// The user and the group "nobody".
const NOBODY: u32 = 65_534;

/// A server with its own folder and port. It is killed when it is dropped.
pub struct Sink {
    program: PathBuf,
    folder: PathBuf,
    arguments: Vec<String>,
    pub port: u16,
    process: Option<Child>,
}

impl Sink {
    /// An Icecast server with this password of sources.
    pub fn icecast(folder: &Path, password: &str) -> Self {
        let sink = Self::new(folder, "icecast2", &["-c", "config"]);
        let (port, folder) = (sink.port, sink.folder.display().to_string());
        sink.start(&format!(
            "<icecast><limits><clients>20</clients><sources>4</sources></limits><authentication><source-password>{password}\
             </source-password><admin-user>admin</admin-user><admin-password>{password}</admin-password></authentication>\
             <hostname>localhost</hostname><listen-socket><port>{port}</port><bind-address>127.0.0.1</bind-address></listen-socket>\
             <paths><basedir>{folder}</basedir><logdir>{folder}</logdir><webroot>/usr/share/icecast2/web</webroot>\
             <adminroot>/usr/share/icecast2/admin</adminroot></paths><logging><accesslog>access.log</accesslog>\
             <errorlog>error.log</errorlog></logging><security><chroot>0</chroot></security></icecast>"
        ))
    }

    /// An nginx that stores what is uploaded in the folder `www`.
    pub fn nginx(folder: &Path) -> Self {
        let sink = Self::new(folder, "nginx", &["-e", "stderr", "-c"]);
        let (port, folder) = (sink.port, sink.folder.display().to_string());
        std::fs::create_dir(sink.folder.join("www")).unwrap();
        std::fs::set_permissions(sink.folder.join("www"), Permissions::from_mode(0o777)).unwrap();
        let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
        let temporary = temporary.map(|name| format!("{name}_temp_path {folder}/{name};")).concat();
        sink.start(&format!(
            "daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log; events {{ worker_connections 64; }}\n\
             http {{ access_log {folder}/access.log; {temporary} server {{ listen 127.0.0.1:{port}; root {folder}/www;\n\
             location / {{ dav_methods PUT DELETE; create_full_put_path on; }} }} }}\n"
        ))
    }

    /// An nginx with TLS, whose certificate for "localhost" is signed by the certificate authority in `authority.pem`. It stores what is
    /// uploaded by HTTPS in the folder `www`, and records the streams of the RTMP application `live2` in the folder `recorded`; both kinds of
    /// connections are at other ports too: see [`TlsPorts`].
    pub fn nginx_with_tls(folder: &Path) -> (Self, TlsPorts) {
        let sink = Self::new(folder, "nginx", &["-e", "stderr", "-c"]);
        let (port, folder) = (sink.port, sink.folder.display().to_string());
        for name in ["www", "recorded"] {
            std::fs::create_dir(sink.folder.join(name)).unwrap();
            std::fs::set_permissions(sink.folder.join(name), Permissions::from_mode(0o777)).unwrap();
        }
        write_certificates(&sink.folder);
        let ports = TlsPorts { https: free_port(), rtmps: free_port() };
        let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];
        let temporary = temporary.map(|name| format!("{name}_temp_path {folder}/{name};")).concat();
        let modules =
            ["rtmp", "stream"].map(|name| format!("load_module /usr/lib/nginx/modules/ngx_{name}_module.so;\n"));
        let certificate = format!("ssl_certificate {folder}/certificate.pem; ssl_certificate_key {folder}/key.pem;");
        let TlsPorts { https, rtmps } = ports;
        let sink = sink.start(&format!(
            "{}daemon off; master_process off; pid {folder}/pid; error_log {folder}/error.log info; events {{ worker_connections 64; }}\n\
             http {{ access_log {folder}/access.log; {temporary} client_max_body_size 20m; server {{ listen 127.0.0.1:{https} ssl;\n\
             {certificate} root {folder}/www; location / {{ dav_methods PUT DELETE; create_full_put_path on; }} }} }}\n\
             rtmp {{ access_log off; server {{ listen 127.0.0.1:{port}; chunk_size 4096; application live2 {{ live on; record all;\n\
             record_path {folder}/recorded; record_unique on; }} }} }}\n\
             stream {{ server {{ listen 127.0.0.1:{rtmps} ssl; {certificate} proxy_pass 127.0.0.1:{port}; }} }}\n",
            modules.concat()
        ));
        (sink, ports)
    }

    fn new(folder: &Path, program: &str, arguments: &[&str]) -> Self {
        let folder = folder.join(program);
        std::fs::create_dir(&folder).unwrap();
        // The user of the server can reach and write its folder.
        std::fs::set_permissions(folder.parent().unwrap(), Permissions::from_mode(0o755)).unwrap();
        std::fs::set_permissions(&folder, Permissions::from_mode(0o777)).unwrap();
        let places =
            ["/usr/bin", "/usr/sbin", "/usr/local/bin", "/usr/local/sbin"].map(|place| Path::new(place).join(program));
        let program = places.into_iter().find(|path| path.exists());
        let program = program.expect("icecast2 and nginx-light are needed: run make setup-test");
        let port = free_port();
        let arguments = arguments.iter().map(|&argument| argument.to_owned()).collect();
        Self { program, folder, arguments, port, process: None }
    }

    fn start(mut self, config: &str) -> Self {
        std::fs::write(self.folder.join("config"), config).unwrap();
        if self.arguments.last().unwrap() == "-c" {
            self.arguments.push(self.folder.join("config").display().to_string());
        }
        self.restart();
        self
    }

    /// Starts the server again, and returns when it listens.
    pub fn restart(&mut self) {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).current_dir(&self.folder).stdout(Stdio::null()).stderr(Stdio::null());
        if std::fs::metadata("/proc/self").unwrap().uid() == 0 {
            command.uid(NOBODY).gid(NOBODY);
        }
        self.process = Some(command.spawn().unwrap());
        let start = Instant::now();
        while TcpStream::connect(("127.0.0.1", self.port)).is_err() {
            let log = std::fs::read_to_string(self.folder.join("error.log")).unwrap_or_default();
            assert!(start.elapsed() < Duration::from_secs(10), "{} does not listen: {log}", self.program.display());
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// Kills the server at once.
    pub fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            let _ = process.kill();
            let _ = process.wait();
        }
    }

    /// A file in the folder of the server.
    pub fn file(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

impl Drop for Sink {
    fn drop(&mut self) {
        self.kill();
    }
}

/// The ports of an nginx with TLS.
#[derive(Clone, Copy)]
pub struct TlsPorts {
    pub https: u16,
    pub rtmps: u16,
}

fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}

/// Writes the certificate of a private authority, and the certificate and the key of a server.
fn write_certificates(folder: &Path) {
    let mut params = rcgen::CertificateParams::new(Vec::new()).unwrap();
    params.is_ca = rcgen::IsCa::Ca(rcgen::BasicConstraints::Unconstrained);
    params.distinguished_name.push(rcgen::DnType::CommonName, "An authority of the test");
    let key = rcgen::KeyPair::generate().unwrap();
    let authority = params.self_signed(&key).unwrap();
    let issuer = rcgen::Issuer::new(params, key);
    let key = rcgen::KeyPair::generate().unwrap();
    let server = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).unwrap().signed_by(&key, &issuer).unwrap();
    std::fs::write(folder.join("authority.pem"), authority.pem()).unwrap();
    std::fs::write(folder.join("certificate.pem"), server.pem()).unwrap();
    std::fs::write(folder.join("key.pem"), key.serialize_pem()).unwrap();
}
