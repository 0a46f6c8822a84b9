//! Alerts to a web address, signed as Standard Webhooks says.

use std::env;
use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, Mac as _};
use jiff::Timestamp;
use sha2::Sha256;
use switchback_model::lasting::Lasting;
use switchback_system::clock;
use ureq::tls::TlsConfig;
use ureq::unversioned::resolver::DefaultResolver;
use ureq::unversioned::transport::{Connector as _, RustlsConnector, TcpConnector};
use ureq::{Agent, config::Config};
use url::Url;

use super::config::{Secret, Webhook};
use super::error::AlertError;
use super::forward::Forward;
use super::proxy::{NoAddress, Proxy};
use super::record::Alert;
use super::roots;
use crate::limits::ALERT_TIMEOUT;

/// Posts alerts. Redirects are not followed: whoever could answer with one would learn of every alert from then on.
#[derive(Debug)]
pub(super) struct Post {
    webhook: Webhook,
}

impl Post {
    pub(super) fn new(webhook: Webhook) -> Self {
        Self { webhook }
    }

    pub(super) fn send(&self, alert: &Alert) -> Result<(), AlertError> {
        // Proxies and authorities are looked up for each alert: there are few, and what a process began with may be over.
        let proxy = Proxy::find(&self.webhook.url, |name| env::var(name).ok());
        self.send_by(proxy, alert, clock::now())
    }

    /// Each attempt has its own time, so that a receiver can refuse what is old and still take what was tried again.
    fn send_by(&self, proxy: Result<Option<Proxy>, NoAddress>, alert: &Alert, at: Timestamp) -> Result<(), AlertError> {
        let unreachable = |why| AlertError::Unreachable { to: self.webhook.to_string(), why };
        // TLS reads the clock itself, and panics at a time before its certificates' calendar begins.
        if at < Timestamp::UNIX_EPOCH {
            return Err(unreachable(
                "the clock of this machine is before 1970, so no certificate can be checked".into(),
            ));
        }
        let proxy = proxy.map_err(|error| unreachable(error.to_string()))?;
        let way = Way::new(&self.webhook.url, proxy).map_err(unreachable)?;
        let to = || format!("{}{}", self.webhook, way.through());
        let body = alert.to_json();
        let (id, seconds) = (alert.id.to_string(), at.as_second().to_string());
        let signature = signature(&self.webhook.secret, &id, &seconds, &body);
        let request = way.agent.post(way.url.as_str()).header("content-type", "application/json");
        let request = request.header("webhook-id", &id).header("webhook-timestamp", &seconds);
        let request = request.header("webhook-signature", format!("v1,{signature}"));
        let request = way.headers.iter().fold(request, |request, (name, value)| request.header(*name, value));
        match request.send(&body).map(|response| response.status().as_u16()) {
            Ok(200..=299) => Ok(()),
            Ok(status) => Err(AlertError::Status { to: to(), status }),
            Err(error) => Err(AlertError::NoAnswer { to: to(), why: why(&error) }),
        }
    }
}

/// How a request gets to where it is to go.
struct Way {
    agent: Agent,
    /// Who is asked: the receiver, or the proxy that passes the request on.
    url: Url,
    headers: Vec<(&'static str, String)>,
    proxy: Option<Proxy>,
}

impl Way {
    fn new(to: &Url, proxy: Option<Proxy>) -> Result<Self, String> {
        let is_forwarded = to.scheme() == "http" && proxy.as_ref().is_some_and(Proxy::is_http);
        let config = Agent::config_builder()
            .timeout_global(Some(ALERT_TIMEOUT))
            .max_redirects(0)
            .http_status_as_error(false)
            .user_agent(concat!("switchback/", env!("CARGO_PKG_VERSION")));
        let is_encrypted = |url: &str| url.starts_with("https:");
        let config = match is_encrypted(to.as_str()) || proxy.as_ref().is_some_and(|p| is_encrypted(p.address())) {
            true => config.tls_config(TlsConfig::builder().root_certs(roots::trusted()?).build()),
            false => config,
        };
        let Some(proxy) = proxy else {
            return Ok(Self { agent: config.proxy(None).build().into(), url: to.clone(), headers: Vec::new(), proxy });
        };
        if is_forwarded {
            return Ok(Self::forwarded(to, proxy, config.proxy(None).build()));
        }
        let tunnel = ureq::Proxy::new(proxy.address()).map_err(|_| format!("{proxy} is not the address of a proxy"))?;
        let agent = config.proxy(Some(tunnel)).build().into();
        Ok(Self { agent, url: to.clone(), headers: Vec::new(), proxy: Some(proxy) })
    }

    /// What is not encrypted is asked of the proxy by the receiver's whole address: many allow a tunnel to port 443 alone.
    fn forwarded(to: &Url, proxy: Proxy, config: Config) -> Self {
        let origin = to.origin().ascii_serialization();
        let host = origin.trim_start_matches("http://").to_owned();
        let authorization = proxy.authorization().map(|value| ("proxy-authorization", value));
        let headers = [("host", host)].into_iter().chain(authorization).collect();
        let connector = ().chain(TcpConnector::default()).chain(RustlsConnector::default()).chain(Forward { origin });
        let agent = Agent::with_parts(config, connector, DefaultResolver::default());
        Self { agent, url: proxy.address_for(to), headers, proxy: Some(proxy) }
    }

    fn through(&self) -> String {
        self.proxy.as_ref().map(|proxy| format!(" through the proxy {proxy}")).unwrap_or_default()
    }
}

impl fmt::Display for Post {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.webhook.fmt(f)
    }
}

/// The message authentication code over name, time and body.
fn signature(secret: &Secret, id: &str, seconds: &str, body: &str) -> String {
    // HMAC takes keys of every length.
    let Ok(mut code) = Hmac::<Sha256>::new_from_slice(secret.bytes()) else { return String::new() };
    code.update(format!("{id}.{seconds}.{body}").as_bytes());
    BASE64.encode(code.finalize().into_bytes())
}

/// What happened, without the address: some errors have all of it.
fn why(error: &ureq::Error) -> String {
    let said = match error {
        ureq::Error::BadUri(_) | ureq::Error::RequireHttpsOnly(_) => return "the address cannot be used".to_owned(),
        // `proxy server responded 403/403`
        ureq::Error::ConnectProxyFailed(said) => return said.split('/').next().unwrap_or(said).to_owned(),
        ureq::Error::Timeout(_) => return format!("nothing came within {}", Lasting(ALERT_TIMEOUT)),
        other => other.to_string(),
    };
    let hint = match said.contains("UnknownIssuer") {
        true => ": trusted are the authorities that SSL_CERT_FILE or SSL_CERT_DIR name, else those of the system",
        false => "",
    };
    said + hint
}

#[cfg(test)]
mod tests {
    use std::io::{BufRead as _, BufReader, Read as _, Write as _};
    use std::net::TcpListener;
    use std::thread;

    use super::super::text::tests::alert;
    use super::super::{AlertConfig, Sink};
    use super::*;

    /// What somebody who was posted to has read: the headers, in lower case, and the body.
    type Request = (Vec<String>, String);

    /// A server that gives these answers, one to each request, and then hands over the requests.
    fn server(answers: &'static [&'static str]) -> (String, thread::JoinHandle<Vec<Request>>) {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/hook/secret-path", listener.local_addr().unwrap());
        let serve = move || answers.iter().map(|answer| one(&listener, answer)).collect();
        (url, thread::spawn(serve))
    }

    fn one(listener: &TcpListener, answer: &str) -> Request {
        let mut reader = BufReader::new(listener.accept().unwrap().0);
        let mut headers = Vec::new();
        loop {
            let mut line = String::new();
            reader.read_line(&mut line).unwrap();
            match line.trim_end() {
                "" => break,
                line => headers.push(line.to_lowercase()),
            }
        }
        let length = header(&headers, "content-length").map_or(0, |length| length.parse().unwrap());
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        reader.get_mut().write_all(answer.as_bytes()).unwrap();
        (headers, String::from_utf8(body).unwrap())
    }

    fn header(headers: &[String], name: &str) -> Option<String> {
        headers.iter().find_map(|line| line.strip_prefix(&format!("{name}: ")).map(str::to_owned))
    }

    fn sink(url: &str) -> Sink {
        let secret = BASE64.encode([7; 32]).parse().unwrap();
        let webhook = Some(Webhook::new(url, secret).unwrap());
        AlertConfig { webhook, ..AlertConfig::default() }.sinks().unwrap().remove(0)
    }

    const OK: &str = "HTTP/1.1 200 OK\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    const ELSEWHERE: &str =
        "HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:9/\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";
    const BROKEN: &str = "HTTP/1.1 500 Oh\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

    #[test]
    fn a_signature_is_that_of_standard_webhooks() {
        // The example of its specification.
        let secret = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw".parse().unwrap();
        let signed = signature(&secret, "msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", r#"{"test": 2432232314}"#);
        assert_eq!(signed, "g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=");
    }

    #[test]
    fn a_receiver_can_tell_who_sent_it_and_that_it_came_twice() {
        let (url, server) = server(&[BROKEN, OK]);
        let (sink, alert) = (sink(&url), alert());
        let failed = sink.send(&alert).unwrap_err();
        assert!(failed.is_worth_retrying(), "{failed}");
        sink.send(&alert).unwrap();
        let requests = server.join().unwrap();
        assert_eq!(requests[0].1, requests[1].1);
        for (headers, body) in &requests {
            let [id, at] = ["webhook-id", "webhook-timestamp"].map(|name| header(headers, name).unwrap());
            assert_eq!((&id, body.as_str()), (&alert.id.to_string(), alert.to_json().as_str()));
            let signed = signature(&BASE64.encode([7; 32]).parse().unwrap(), &id, &at, body);
            assert_eq!(header(headers, "webhook-signature"), Some(format!("v1,{signed}").to_lowercase()));
            assert_eq!(header(headers, "content-type").as_deref(), Some("application/json"));
            assert!(Timestamp::now().as_second() - at.parse::<i64>().unwrap() < 60);
        }
    }

    #[test]
    fn a_redirect_is_refused_and_the_address_is_not_printed() {
        let (url, server) = server(&[ELSEWHERE]);
        let error = sink(&url).send(&alert()).unwrap_err();
        server.join().unwrap();
        assert!(matches!(error, AlertError::Status { status: 302, .. }), "{error}");
        assert!(!error.is_worth_retrying() && !error.to_string().contains("secret-path"), "{error}");
    }

    #[test]
    fn who_never_answers_is_not_waited_for() {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/secret-path", listener.local_addr().unwrap());
        let started = std::time::Instant::now();
        let error = sink(&url).send(&alert()).unwrap_err();
        assert!(started.elapsed() >= ALERT_TIMEOUT && started.elapsed() < 2 * ALERT_TIMEOUT, "{error}");
        assert!(error.is_worth_retrying() && error.to_string().ends_with("nothing came within 10 s"), "{error}");
        drop(listener);
        let refused = sink(&url).send(&alert()).unwrap_err();
        assert!(refused.is_worth_retrying() && !refused.to_string().contains("secret-path"), "{refused}");
    }

    #[test]
    fn with_a_clock_before_1970_nothing_is_sent_and_it_is_tried_again() {
        let secret = BASE64.encode([7; 32]).parse().unwrap();
        let post = Post::new(Webhook::new("https://hooks.example/mail", secret).unwrap());
        let error = post.send_by(Ok(None), &alert(), Timestamp::from_second(-1).unwrap()).unwrap_err();
        assert!(error.to_string().contains("before 1970") && error.is_worth_retrying(), "{error}");
    }

    /// What a proxy is asked, and what comes of it.
    fn through_a_proxy(to: &str, answer: &'static str) -> (Vec<String>, Result<(), String>) {
        let (url, server) = server(Vec::leak(vec![answer]));
        let address = url.replace("http://", "http://ada:p%40ss@");
        let proxy = Proxy::find(&to.parse().unwrap(), |name| (name == "ALL_PROXY").then(|| address.clone()));
        let post = Post::new(Webhook::new(to, BASE64.encode([7; 32]).parse().unwrap()).unwrap());
        let sent = post.send_by(proxy, &alert(), Timestamp::now()).map_err(|error| error.to_string());
        (server.join().unwrap().remove(0).0, sent)
    }

    const REFUSED: &str = "HTTP/1.1 403 Forbidden\r\ncontent-length: 0\r\nconnection: close\r\n\r\n";

    #[test]
    fn a_proxy_is_asked_for_the_whole_address_of_what_is_not_encrypted() {
        let (asked, sent) = through_a_proxy("http://hooks.example:81/mail?key=k", OK);
        assert_eq!(sent, Ok(()));
        assert_eq!(asked[0], "post http://hooks.example:81/mail?key=k http/1.1");
        assert_eq!(header(&asked, "host").as_deref(), Some("hooks.example:81"));
        let authorization = format!("Basic {}", BASE64.encode("ada:p@ss")).to_lowercase();
        assert_eq!(header(&asked, "proxy-authorization"), Some(authorization));
        assert!(header(&asked, "webhook-signature").is_some());
    }

    #[test]
    fn a_proxy_is_asked_for_a_tunnel_for_what_is_encrypted() {
        let (asked, sent) = through_a_proxy("https://hooks.example/mail?key=k", REFUSED);
        assert_eq!(asked[0], "connect hooks.example:443 http/1.1");
        assert!(header(&asked, "proxy-authorization").is_some() && header(&asked, "webhook-signature").is_none());
        let said = sent.unwrap_err();
        assert!(said.contains("through the proxy http://127.0.0.1:") && said.contains("403"), "{said}");
        assert!(!said.contains("ada") && !said.contains("key"), "{said}");
    }

    #[test]
    fn what_a_proxy_answers_itself_is_shown() {
        let (_, sent) = through_a_proxy("http://hooks.example/mail", REFUSED);
        let said = sent.unwrap_err();
        assert!(said.contains(" through the proxy http://127.0.0.1:") && said.contains("status 403"), "{said}");
        let wrong = Proxy::find(&"http://a.example".parse().unwrap(), |_| Some("gopher://a".to_owned()));
        let post = Post::new(Webhook::new("http://a.example", BASE64.encode([7; 32]).parse().unwrap()).unwrap());
        let said = post.send_by(wrong, &alert(), Timestamp::now()).unwrap_err().to_string();
        assert!(said.contains("http_proxy in the environment is not the address of a proxy"), "{said}");
    }
}
