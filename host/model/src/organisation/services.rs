//! Services that give names, or addresses under many names, to anybody: each is one organisation.
//!
//! A service with one domain that is in the private part of the public suffix list needs no entry: it counts by the list's
//! ICANN part. One with one domain that is in no part of it has one, because the list does not tell its tenants apart.

/// Names below these cost nothing. By the organisation that they count for.
pub(super) const FREE_NAMES: [(&str, &str); 18] = [
    // FreeDNS, of its registry the domains that are its own or have most names: <https://freedns.afraid.org/domain/registry>.
    // In all there are some 60,000, each of its owner, who lets others take names under it.
    (
        "afraid.org",
        "afraid.org allowed.org biz.tm bot.nu chickenkiller.com crabdance.com evils.in fairuse.org \
         flashserv.net h4ck.me ignorelist.com info.tm ix.tc jumpingcrab.com leet.la minecraftr.us mooo.com \
         my.to pii.at privatedns.org raspberryip.com sly.io soon.it strangled.net surfnet.ca t28.net \
         twilightparadox.com uk.to undo.it us.to verymad.net yo.tm",
    ),
    // ChangeIP: <https://www.changeip.com/services/free-dynamic-dns/>.
    (
        "changeip.com",
        "1dumb.com 25u.com 2waky.com 3-a.net 4dq.com 4mydomain.com 4pu.com acmetoy.com almostmy.com \
         americanunfinished.com authorizeddns.net authorizeddns.org authorizeddns.us bigmoney.biz \
         changeip.biz changeip.co changeip.com changeip.name changeip.net changeip.org changeip.us \
         cleansite.biz cleansite.info cleansite.us compress.to ddns.info ddns.mobi ddns.ms ddns.name ddns.us \
         dhcp.biz dns-dns.com dns-stuff.com dns04.com dns05.com dns1.us dns2.us dnset.com dnsrd.com dsmtp.com \
         dumb1.com dynamic-dns.net dynamicdns.biz dyndns.pro dynssl.com edns.biz epac.to esmtp.biz ezua.com \
         faqserv.com fartit.com freeddns.com freetcp.com freewww.biz freewww.info ftp1.biz ftpserver.biz \
         gettrials.com got-game.org gr8domain.biz gr8name.biz https443.net https443.org ikwb.com \
         instanthq.com iownyour.biz iownyour.org isasecret.com itemdb.com itsaol.com jetos.com jkub.com \
         jungleheart.com justdied.com lflink.com lflinkup.com lflinkup.net lflinkup.org longmusic.com \
         mefound.com moneyhome.biz mrbasic.com mrbonus.com mrface.com mrslove.com my03.com mydad.info \
         myddns.com myftp.info myftp.name mylftv.com mymom.info mynetav.net mynetav.org mynumber.org \
         mypicture.info mypop3.net mypop3.org mysecondarydns.com mywww.biz myz.info ninth.biz ns01.biz \
         ns01.info ns01.us ns02.biz ns02.info ns02.us ns1.name ns2.name ns3.name ocry.com onedumb.com \
         onmypc.biz onmypc.info onmypc.net onmypc.org onmypc.us organiccrap.com otzo.com ourhobby.com \
         pcanywhere.net port25.biz proxydns.com qhigh.com qpoe.com rebatesrule.net sellclassics.com \
         sendsmtp.com serveuser.com serveusers.com sexidude.com sexxxy.biz sixth.biz squirly.info toh.info \
         toythieves.com trickip.net trickip.org vizvaz.com wha.la wikaba.com www1.biz wwwhost.biz x24hr.com \
         xxuz.com xxxy.biz xxxy.info ygto.com youdontcare.com yourtrap.com zyns.com zzux.com",
    ),
    // DNSExit: <https://dnsexit.com/domains/free-second-level-domains/>.
    ("dnsexit.com", "dnsexit.com line.pm linkpc.net publicvm.com run.place work.gd"),
    // YDNS: <https://ydns.io>.
    ("ydns.eu", "ydns.eu ydns.io"),
    // No-IP: <https://www.noip.com/support/knowledgebase/free-dynamic-dns-domains>; all in the list's private part.
    (
        "noip.com",
        "3utilities.com blogsyte.com bounceme.net brasilia.me cable-modem.org ciscofreak.com collegefan.org \
         couchpotatofries.org damnserver.com ddns.me ddns.net ddnsking.com ditchyourip.com dnsfor.me \
         dnsiskinky.com dvrcam.info dynns.com eating-organic.net fantasyleague.cc geekgalaxy.com golffan.us \
         gotdns.ch health-carereform.com homesecuritymac.com homesecuritypc.com hopto.me hopto.org \
         ilovecollege.info loginto.me mlbfan.org mmafan.biz myactivedirectory.com mydissent.net myeffect.net \
         myftp.biz myftp.org mymediapc.net mypsx.net mysecuritycamera.com mysecuritycamera.net \
         mysecuritycamera.org myvnc.com net-freaks.com nflfan.org nhlfan.net no-ip.biz no-ip.ca no-ip.co.uk \
         no-ip.info no-ip.net no-ip.org noip.com noip.me noip.us onthewifi.com pgafan.net point2this.com \
         pointto.us privatizehealthinsurance.net quicksytes.com read-books.org redirectme.net \
         securitytactics.com servebeer.com serveblog.net servecounterstrike.com serveexchange.com \
         serveftp.com servegame.com servehalflife.com servehttp.com servehumour.com serveirc.com \
         serveminecraft.net servemp3.com servep2p.com servepics.com servequake.com servesarcasm.com \
         stufftoread.com sytes.net ufcfan.org unusualperson.com webhop.me workisboring.com zapto.org",
    ),
    // Dynu: <https://www.dynu.com/DynamicDNS>; all in the list's private part, as are those below.
    (
        "dynu.com",
        "1cooldns.com accesscam.org bumbleshrimp.com camdvr.org casacam.net ddnsfree.com ddnsgeek.com \
         ddnsguru.com dynu.com dynu.net dynuddns.com dynuddns.net dynuhosting.com freeddns.org giize.com \
         gleeze.com kozow.com loseyourip.com myddns.rocks mysynology.net mywire.org ooguy.com opik.net \
         pivohosting.com roxa.org spryt.net theworkpc.com webredirect.org wiredbladehosting.com",
    ),
    // ClouDNS: <https://www.cloudns.net>.
    (
        "cloudns.net",
        "abrdns.com cloud-ip.biz cloud-ip.cc cloudns.asia cloudns.be cloudns.biz cloudns.cc cloudns.ch \
         cloudns.cl cloudns.club cloudns.cx cloudns.eu cloudns.in cloudns.info cloudns.net cloudns.nz \
         cloudns.org cloudns.ph cloudns.pro cloudns.pw cloudns.us ddns-ip.net dns-cloud.net dns-dynamic.net \
         dnsabr.com ip-ddns.com ip-dynamic.org",
    ),
    // Now-DNS: <https://now-dns.com>.
    (
        "now-dns.com",
        "dnsking.ch dnsup.net dynserv.org forumz.info freeddns.us hicam.net myiphost.com mypi.co now-dns.com \
         now-dns.net now-dns.org ntdll.top ownip.net soundcast.me tcp4.me vpndns.net x443.pw",
    ),
    // dnsHome: <https://www.dnshome.de>.
    (
        "dnshome.de",
        "ddns.berlin ddns.wtf ddnssec.de dnshome.at dnshome.cloud dnshome.de dnshome.eu dnshome.it dyn.now \
         dyndnssec.de heimdns.de heimdns.online resolve.bar srvdns.de",
    ),
    // DDNSS: <https://www.ddnss.de>.
    ("ddnss.de", "ddnss.de ddnss.org dyn-ip24.de dyndns1.de home-webserver.de myhome-server.de"),
    // Securepoint: <https://www.spdns.de>.
    (
        "spdns.de",
        "firewall-gateway.com firewall-gateway.de firewall-gateway.net my-firewall.org my-gateway.de \
         my-router.de myfirewall.org spdns.de spdns.eu spdns.org",
    ),
    // MyDNS.JP: <https://www.mydns.jp>.
    (
        "mydns.jp",
        "0am.jp 0g0.jp 0j0.jp 0t0.jp daemon.asia dix.asia keyword-on.net live-on.net mydns.bz mydns.jp \
         mydns.tw mydns.vc pgw.jp server-on.net wjg.jp",
    ),
    // Synology: <https://kb.synology.com>, DDNS.
    (
        "synology.me",
        "diskstation.me dscloud.biz dscloud.me dscloud.mobi dsmynas.com dsmynas.net dsmynas.org familyds.com \
         familyds.net familyds.org i234.me myds.me quickconnect.cn quickconnect.to synology.me vpnplus.to",
    ),
    // DigitalPlat: <https://domain.digitalplat.org>.
    ("dpdns.org", "dpdns.org qzz.io us.kg xx.kg"),
    // DNSHE: <https://www.dnshe.com>.
    ("dnshe.com", "cc.cd ccwu.cc de5.net dnshe.com us.ci"),
    // Microsoft 365, a name for each tenant: <https://learn.microsoft.com/microsoft-365/admin/setup/domains-faq>.
    ("onmicrosoft.com", "onmicrosoft.com"),
    // Weebly: <https://www.weebly.com>.
    ("weebly.com", "weebly.com"),
    // addr.tools: <https://addr.tools>.
    ("addr.tools", "addr.tools myaddr.dev myaddr.io myaddr.tools"),
];

/// Of free mail, those whose addresses one account can have under many domains, and that are no provider whose accounts
/// count one by one.
pub(super) const FREE_MAIL: [(&str, &str); 5] = [
    // Fastmail: `_FASTMAIL_DOMAINS` in MaxMind's minFraud client, <https://github.com/maxmind/minfraud-api-python>.
    (
        "fastmail.com",
        "123mail.org 150mail.com 150ml.com 16mail.com 2-mail.com 4email.net 50mail.com airpost.net \
         allmail.net bestmail.us cluemail.com elitemail.org emailcorner.net emailengine.net emailengine.org \
         emailgroups.net emailplus.org emailuser.net eml.cc f-m.fm fast-email.com fast-mail.org fastem.com \
         fastemail.us fastemailer.com fastest.cc fastimap.com fastmail.ca fastmail.cn fastmail.co.uk \
         fastmail.com fastmail.com.au fastmail.de fastmail.es fastmail.fm fastmail.fr fastmail.im fastmail.in \
         fastmail.jp fastmail.mx fastmail.net fastmail.nl fastmail.org fastmail.se fastmail.to fastmail.tw \
         fastmail.uk fastmail.us fastmailbox.net fastmessaging.com fea.st fmail.co.uk fmailbox.com fmgirl.com \
         fmguy.com ftml.net h-mail.us hailmail.net imap-mail.com imap.cc imapmail.org inoutbox.com \
         internet-e-mail.com internet-mail.org internetemails.net internetmailing.net jetemail.net justemail.net \
         letterboxes.org mail-central.com mail-page.com mailandftp.com mailas.com mailbolt.com mailc.net \
         mailcan.com mailforce.net mailftp.com mailhaven.com mailingaddress.org mailite.com mailmight.com \
         mailnew.com mailsent.net mailservice.ms mailup.net mailworks.org ml1.net mm.st myfastmail.com \
         mymacmail.com nospammail.net ownmail.net petml.com postinbox.com postpro.net proinbox.com \
         promessage.com realemail.net reallyfast.biz reallyfast.info rushpost.com sent.as sent.at sent.com \
         speedpost.net speedymail.org ssl-mail.com swift-mail.com the-fastest.net the-quickest.com \
         theinternetemail.com veryfast.biz veryspeedy.net warpmail.net xsmail.com yepmail.net your-mail.com",
    ),
    // mail.com, beside mail.com itself, which is a provider: <https://www.mail.com/email/>.
    (
        "email.com",
        "accountant.com activist.com adexec.com alumni.com asia.com bartender.net bikerider.com birdlover.com \
         brew-meister.com cash4u.com catlover.com cheerful.com chef.net clerk.com clubmember.org \
         collector.org columnist.com comic.com computer4u.com consultant.com contractor.net coolsite.net \
         counsellor.com cutey.com cyberdude.com cybergal.com cyberservices.com dallasmail.com deliveryman.com \
         diplomats.com disposable.com doctor.com doglover.com dr.com earthling.net elvisfan.com email.com \
         engineer.com europe.com execs.com financier.com fireman.net galaxyhit.com gardener.com geologist.com \
         graduate.org graphic-designer.com groupmail.com hackermail.com hairdresser.net hilarious.com \
         hot-shot.com housemail.com humanoid.net iname.com innocent.com inorbit.com instruction.com \
         instructor.net insurer.com job4u.com journalist.com keromail.com kissfans.com kittymail.com \
         lawyer.com legislator.com linuxmail.org lobbyist.com mail-me.com mindless.com minister.com \
         moscowmail.com musician.org muslim.com myself.com nonpartisan.com null.net nycmail.com optician.com \
         orthodontist.com pacific-ocean.com pacificwest.com petlover.com photographer.net planetmail.com \
         planetmail.net playful.com poetic.com politician.com popstar.com post.com presidency.com priest.com \
         programmer.net publicist.com qualityservice.com radiologist.net ravemail.com realtyagent.com \
         reborn.com registerednurses.com reincarnate.com religious.com repairman.com representative.com \
         rescueteam.com rocketship.com saintly.com salesperson.net samerica.com sanfranmail.com scientist.com \
         secretary.net snakebite.com socialworker.net sociologist.com solution4u.com songwriter.net \
         surgical.net swissmail.com teachers.org tech-center.com techie.com technologist.com theplate.com \
         therapist.net toke.com tvstar.com usa.com uymail.com webname.com worker.com workmail.com writeme.com",
    ),
    // SimpleLogin and Proton Pass, which make up addresses: <https://simplelogin.io/docs>.
    (
        "simplelogin.com",
        "8alias.com 8shield.net aleeas.com dralias.com passfwd.com passinbox.com passmail.com passmail.net \
         silomails.com simplelogin.co simplelogin.com simplelogin.fr simplelogin.io slmail.me slmails.com",
    ),
    // addy.io, which makes up addresses: <https://addy.io/help>.
    ("addy.io", "4wrd.cc addy.io addymail.com addypath.com anonaddy.com anonaddy.me mailer.me"),
    // Tuta: <https://tuta.com/faq>.
    ("tuta.com", "keemail.me tuta.com tuta.io tutamail.com tutanota.com tutanota.de"),
];
