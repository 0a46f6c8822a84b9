//! Asking name servers.

use std::error::Error;
use std::net::SocketAddr;

use mail_auth::MessageAuthenticator;
use mail_auth::hickory_resolver::config::{NameServerConfig, ResolveHosts, ResolverConfig, ResolverOpts};
use mail_auth::hickory_resolver::system_conf::read_system_conf;
use thiserror::Error as ThisError;

use crate::config::AuthenticationConfig;

/// Why senders cannot be authenticated.
#[derive(Debug, ThisError)]
#[non_exhaustive]
pub enum AuthenticatorError {
    /// No name server is configured, and the system names none.
    #[error("authenticate senders: read name servers from /etc/resolv.conf, or set authentication.resolvers")]
    System(#[source] Box<dyn Error + Send + Sync>),
    /// The resolver cannot be made.
    #[error("authenticate senders: set up the resolver")]
    Resolver(#[source] Box<dyn Error + Send + Sync>),
}

/// How many questions may be open at once on one connection. The default of 32 is less than what a busy server's messages ask.
const QUESTIONS_MAX: usize = 1_000;

/// Attempts of one look-up, the first included, within three quarters of the budget.
const ATTEMPTS: u32 = 3;

pub(super) fn open(config: &AuthenticationConfig) -> Result<MessageAuthenticator, AuthenticatorError> {
    let (servers, mut options) = match &config.resolvers[..] {
        [] => read_system_conf().map_err(|error| AuthenticatorError::System(error.into()))?,
        servers => {
            let servers = servers.iter().map(name_server).collect();
            (ResolverConfig::from_parts(None, Vec::new(), servers), ResolverOpts::default())
        }
    };
    options.cache_size = config.cache;
    options.timeout = config.budget / (ATTEMPTS + 1);
    options.attempts = ATTEMPTS as usize - 1;
    options.max_active_requests = QUESTIONS_MAX;
    // Whose mail it is says DNS, not a file of this machine.
    options.use_hosts_file = ResolveHosts::Never;
    MessageAuthenticator::new(servers, options).map_err(|error| AuthenticatorError::Resolver(error.into()))
}

fn name_server(address: &SocketAddr) -> NameServerConfig {
    let mut server = NameServerConfig::udp_and_tcp(address.ip());
    for connection in &mut server.connections {
        connection.port = address.port();
    }
    server
}
