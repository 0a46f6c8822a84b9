//! A name server on this machine, with all that these tests ask for.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex};

use hickory_server::Server;
use hickory_server::net::runtime::{Time, TokioRuntimeProvider};
use hickory_server::proto::rr::rdata::{MX, SOA, TXT};
use hickory_server::proto::rr::{Name, RData, Record};
use hickory_server::server::{Request, RequestHandler, ResponseHandler, ResponseInfo};
use hickory_server::store::in_memory::InMemoryZoneHandler;
use hickory_server::zone_handler::{AxfrPolicy, Catalog, ZoneType};
use tokio::net::UdpSocket;

/// A server of one zone, the root. It runs until it is dropped.
pub(super) struct Zone {
    pub(super) address: SocketAddr,
    asked: Arc<Mutex<Vec<String>>>,
    _server: Server<Asked>,
}

/// Notes every question, and never answers one about a name with the label `silent`, or about the host 198.51.100.99.
struct Asked {
    catalog: Catalog,
    asked: Arc<Mutex<Vec<String>>>,
}

#[async_trait::async_trait]
impl RequestHandler for Asked {
    async fn handle_request<R: ResponseHandler, T: Time>(&self, request: &Request, handle: R) -> ResponseInfo {
        let name = request.request_info().map(|info| info.query.name().to_string()).unwrap_or_default();
        self.asked.lock().unwrap().push(name.clone());
        if name.starts_with("99.100.51.198.") || name.split('.').any(|label| label == "silent") {
            std::future::pending::<()>().await;
        }
        self.catalog.handle_request::<R, T>(request, handle).await
    }
}

impl Zone {
    /// Serves records: a name, `TXT`, `A` or `MX`, and what it says. Those of names that begin with `fresh.` may not be
    /// remembered.
    pub(super) async fn serve(records: &[(String, &str, String)]) -> Self {
        let mut zone =
            InMemoryZoneHandler::<TokioRuntimeProvider>::empty(Name::root(), ZoneType::Primary, AxfrPolicy::Deny, None);
        let soa = SOA::new(name("ns.example."), name("hostmaster.example."), 1, 3_600, 600, 86_400, 300);
        zone.upsert_mut(Record::from_rdata(Name::root(), 300, RData::SOA(soa)), 1);
        for (owner, kind, text) in records {
            let data = match *kind {
                "TXT" => {
                    let parts = text.as_bytes().chunks(255).map(|part| String::from_utf8(part.to_vec()).unwrap());
                    RData::TXT(TXT::new(parts.collect()))
                }
                "A" => RData::A(text.parse::<Ipv4Addr>().unwrap().into()),
                "MX" => RData::MX(MX::new(10, name(text))),
                _ => panic!("{kind}"),
            };
            let ttl = if owner.starts_with("fresh.") { 0 } else { 300 };
            assert!(zone.upsert_mut(Record::from_rdata(name(owner), ttl, data), 1), "{owner}");
        }
        let mut catalog = Catalog::new();
        catalog.upsert(Name::root().into(), vec![Arc::new(zone)]);
        let asked = Arc::<Mutex<Vec<String>>>::default();
        let mut server = Server::new(Asked { catalog, asked: Arc::clone(&asked) });
        let socket = UdpSocket::bind("127.0.0.1:0").await.unwrap();
        let address = socket.local_addr().unwrap();
        server.register_socket(socket);
        Self { address, asked, _server: server }
    }

    /// What was asked since this was last called.
    pub(super) fn asked(&self) -> Vec<String> {
        std::mem::take(&mut self.asked.lock().unwrap())
    }
}

fn name(text: &str) -> Name {
    Name::from_ascii(text)
        .map(|mut name| {
            name.set_fqdn(true);
            name
        })
        .unwrap()
}
