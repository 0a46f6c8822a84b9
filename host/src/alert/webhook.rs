//! Alerts to a web address, signed as Standard Webhooks says.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD as BASE64;
use hmac::{Hmac, Mac as _};
use jiff::Timestamp;
use sha2::Sha256;
use ureq::Agent;

use super::config::{Secret, Webhook};
use super::error::AlertError;
use super::record::Alert;
use crate::clock;
use crate::lasting::Lasting;
use crate::limits::ALERT_TIMEOUT;

/// Posts alerts. Redirects are not followed: whoever could answer with one would learn of every alert from then on.
#[derive(Debug)]
pub(super) struct Post {
    webhook: Webhook,
    agent: Agent,
}

impl Post {
    pub(super) fn new(webhook: Webhook) -> Self {
        let config = Agent::config_builder()
            .timeout_global(Some(ALERT_TIMEOUT))
            .max_redirects(0)
            .http_status_as_error(false)
            .user_agent(concat!("switchback/", env!("CARGO_PKG_VERSION")))
            .build();
        Self { webhook, agent: config.into() }
    }

    pub(super) fn send(&self, alert: &Alert) -> Result<(), AlertError> {
        self.send_at(alert, clock::now())
    }

    /// Each attempt has its own time, so that a receiver can refuse what is old and still take what was tried again.
    fn send_at(&self, alert: &Alert, at: Timestamp) -> Result<(), AlertError> {
        let to = || self.webhook.to_string();
        // TLS reads the clock itself, and panics at a time before its certificates' calendar begins.
        if at < Timestamp::UNIX_EPOCH {
            let why = "the clock of this machine is before 1970, so no certificate can be checked".to_owned();
            return Err(AlertError::NoAnswer { to: to(), why });
        }
        let body = alert.to_json()?;
        let (id, seconds) = (alert.id.to_string(), at.as_second().to_string());
        let signature = signature(&self.webhook.secret, &id, &seconds, &body);
        let request = self.agent.post(self.webhook.url.as_str()).header("content-type", "application/json");
        let request = request.header("webhook-id", &id).header("webhook-timestamp", &seconds);
        let sent = request.header("webhook-signature", format!("v1,{signature}")).send(&body);
        match sent.map(|response| response.status().as_u16()) {
            Ok(200..=299) => Ok(()),
            Ok(status) => Err(AlertError::Status { to: to(), status }),
            Err(error) => Err(AlertError::NoAnswer { to: to(), why: why(&error) }),
        }
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
    match error {
        ureq::Error::BadUri(_) | ureq::Error::RequireHttpsOnly(_) | ureq::Error::ConnectProxyFailed(_) => {
            "the address, or that of the proxy, cannot be used".to_owned()
        }
        ureq::Error::Timeout(_) => format!("nothing came within {}", Lasting(ALERT_TIMEOUT)),
        other => other.to_string(),
    }
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
        let length = header(&headers, "content-length").unwrap().parse().unwrap();
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
            assert_eq!((&id, body.as_str()), (&alert.id.to_string(), alert.to_json().unwrap().as_str()));
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
        let error = post.send_at(&alert(), Timestamp::from_second(-1).unwrap()).unwrap_err();
        assert!(error.to_string().contains("before 1970") && error.is_worth_retrying(), "{error}");
    }
}
