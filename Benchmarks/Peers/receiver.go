// A webhook receiver in Go that does samovar-ingress's work: net/http, HMAC over the raw body, the
// delivery and its routing row in one durable SQLite transaction, then 202. One goroutine writes;
// what arrives while it commits goes into its next transaction.
//
// Flags: -store FILE, -secret FILE, -checkpoint PAGES (0: as SQLite does it by itself). Says on standard error where it listens.
package main

import (
	"bytes"
	"crypto/hmac"
	"crypto/sha256"
	"database/sql/driver"
	"encoding/hex"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"hash"
	"io"
	"log"
	"net"
	"net/http"
	"os"
	"strconv"
	"sync"
	"time"

	sqlite3 "github.com/mattn/go-sqlite3"
)

const (
	bodyBytesMax = 16 << 20
	groupMax     = 256
	waitingMax   = 1024
	pageSize     = 4096

	schema = `
		CREATE TABLE IF NOT EXISTS delivery (
			seq INTEGER PRIMARY KEY AUTOINCREMENT,
			delivery_id TEXT NOT NULL,
			event TEXT NOT NULL,
			event_type TEXT NOT NULL,
			received_at INTEGER NOT NULL,
			remote TEXT NOT NULL,
			content_type TEXT NOT NULL,
			headers TEXT NOT NULL,
			body BLOB NOT NULL);
		CREATE UNIQUE INDEX IF NOT EXISTS delivery_once ON delivery (delivery_id);
		CREATE TABLE IF NOT EXISTS routing (delivery INTEGER PRIMARY KEY, verdict TEXT);
		CREATE INDEX IF NOT EXISTS routing_waiting ON routing (delivery) WHERE verdict IS NULL;`
	insertDelivery = `
		INSERT INTO delivery (
			delivery_id, event, event_type, received_at, remote, content_type, headers, body)
		VALUES (?, ?, ?, ?, ?, ?, ?, ?)
		ON CONFLICT (delivery_id) DO NOTHING`
	insertRouting = "INSERT INTO routing (delivery) VALUES (?)"
	selectKnown   = "SELECT seq, body FROM delivery WHERE delivery_id = ?"
)

var errConflict = errors.New("this delivery id is stored with other bytes")

type delivery struct {
	id, event, eventType, remote, contentType string
	received                                  int64
	headers, body                             []byte

	// Set by the writer before it signals.
	seq   int64
	known bool
	err   error
	done  chan struct{}
}

// The store has one connection, used by one goroutine through the driver itself: database/sql would
// take a lock and convert each argument twice.
type store struct {
	connection                    *sqlite3.SQLiteConn
	delivery, routing, known      driver.Stmt
	begin, commitGroup, abandoned driver.Stmt
	none                          []driver.Value

	// Pages in the log, by a rough count.
	pages, checkpointPages int
}

func openStore(path string, checkpoint int) (*store, error) {
	opened, err := (&sqlite3.SQLiteDriver{}).Open("file:" + path)
	if err != nil {
		return nil, err
	}
	s := &store{connection: opened.(*sqlite3.SQLiteConn), checkpointPages: checkpoint}
	settings := []string{
		"PRAGMA busy_timeout = 5000",
		"PRAGMA journal_mode = WAL",
		"PRAGMA synchronous = FULL",
		schema,
	}
	if checkpoint > 0 { // checkpoint() does it, once the group has its answers
		settings = append(settings, "PRAGMA wal_autocheckpoint = 0")
	}
	for _, sql := range settings {
		if _, err := s.connection.Exec(sql, nil); err != nil {
			return nil, fmt.Errorf("%s: %w", sql, err)
		}
	}
	for sql, statement := range map[string]*driver.Stmt{
		insertDelivery: &s.delivery, insertRouting: &s.routing, selectKnown: &s.known,
		"BEGIN IMMEDIATE": &s.begin, "COMMIT": &s.commitGroup, "ROLLBACK": &s.abandoned,
	} {
		if *statement, err = s.connection.Prepare(sql); err != nil {
			return nil, fmt.Errorf("%s: %w", sql, err)
		}
	}
	return s, nil
}

func (s *store) commit(group []*delivery) error {
	if _, err := s.begin.Exec(s.none); err != nil {
		return err
	}
	err := s.insert(group)
	if err == nil {
		_, err = s.commitGroup.Exec(s.none)
	}
	if err != nil {
		if _, undone := s.abandoned.Exec(s.none); undone != nil {
			log.Fatalf("cannot roll back after %v: %v", err, undone)
		}
	}
	return err
}

func (s *store) insert(group []*delivery) error {
	for _, d := range group {
		result, err := s.delivery.Exec([]driver.Value{
			d.id, d.event, d.eventType, d.received, d.remote, d.contentType, string(d.headers), d.body,
		})
		if err != nil {
			return err
		}
		if added, _ := result.RowsAffected(); added == 0 {
			if err := s.compare(d); err != nil {
				return err
			}
			continue
		}
		d.seq, _ = result.LastInsertId()
		if _, err := s.routing.Exec([]driver.Value{d.seq}); err != nil {
			return err
		}
		s.pages += len(d.body)/pageSize + 3
	}
	return nil
}

func (s *store) checkpoint() {
	if s.checkpointPages == 0 || s.pages < s.checkpointPages {
		return
	}
	s.pages = 0
	if _, err := s.connection.Exec("PRAGMA wal_checkpoint(PASSIVE)", nil); err != nil {
		log.Printf("checkpoint: %v", err)
	}
}

func (s *store) compare(d *delivery) error {
	rows, err := s.known.Query([]driver.Value{d.id})
	if err != nil {
		return err
	}
	defer rows.Close()
	row := make([]driver.Value, 2)
	if err := rows.Next(row); err != nil {
		return err
	}
	d.known, d.seq = true, row[0].(int64)
	if stored, _ := row[1].([]byte); !bytes.Equal(stored, d.body) {
		d.err = errConflict
	}
	return nil
}

func write(s *store, waiting <-chan *delivery) {
	group := make([]*delivery, 0, groupMax)
	for first := range waiting {
		group = append(group[:0], first)
	gathering:
		for len(group) < groupMax {
			select {
			case next := <-waiting:
				group = append(group, next)
			default:
				break gathering
			}
		}
		err := s.commit(group)
		for _, d := range group {
			if err != nil {
				d.err = err
			}
			d.done <- struct{}{}
		}
		s.checkpoint()
	}
}

type receiver struct {
	waiting    chan *delivery
	macs       sync.Pool
	deliveries sync.Pool
}

func newReceiver(secret []byte) *receiver {
	return &receiver{
		waiting:    make(chan *delivery, waitingMax),
		macs:       sync.Pool{New: func() any { return hmac.New(sha256.New, secret) }},
		deliveries: sync.Pool{New: func() any { return &delivery{done: make(chan struct{}, 1)} }},
	}
}

func (r *receiver) genuine(signature string, body []byte) bool {
	given, err := hex.DecodeString(signature)
	if err != nil {
		return false
	}
	mac := r.macs.Get().(hash.Hash)
	defer r.macs.Put(mac)
	mac.Reset()
	mac.Write(body)
	var sum [sha256.Size]byte
	return hmac.Equal(given, mac.Sum(sum[:0]))
}

func (r *receiver) ServeHTTP(w http.ResponseWriter, request *http.Request) {
	if request.Method != http.MethodPost {
		http.Error(w, "POST only", http.StatusMethodNotAllowed)
		return
	}
	size := request.ContentLength
	if size < 0 || size > bodyBytesMax {
		http.Error(w, "too large, or of unknown length", http.StatusRequestEntityTooLarge)
		return
	}
	d := r.deliveries.Get().(*delivery)
	defer r.deliveries.Put(d)
	if int64(cap(d.body)) < size {
		d.body = make([]byte, size)
	}
	d.body = d.body[:size]
	if _, err := io.ReadFull(request.Body, d.body); err != nil {
		http.Error(w, "body ended early", http.StatusBadRequest)
		return
	}
	header := request.Header
	if !r.genuine(header.Get("X-Gitea-Signature"), d.body) {
		http.Error(w, "bad signature", http.StatusUnauthorized)
		return
	}
	d.id, d.event = header.Get("X-Gitea-Delivery"), header.Get("X-Gitea-Event")
	if d.id == "" || d.event == "" {
		http.Error(w, "X-Gitea-Delivery and X-Gitea-Event are needed", http.StatusBadRequest)
		return
	}
	d.eventType, d.contentType = header.Get("X-Gitea-Event-Type"), header.Get("Content-Type")
	d.remote, d.received = request.RemoteAddr, time.Now().UnixMicro()
	header.Del("X-Gitea-Signature")
	var err error
	if d.headers, err = json.Marshal(header); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	d.seq, d.known, d.err = 0, false, nil
	r.waiting <- d
	<-d.done
	answer(w, d)
}

func answer(w http.ResponseWriter, d *delivery) {
	switch {
	case d.err == errConflict:
		http.Error(w, d.err.Error(), http.StatusConflict)
	case d.err != nil:
		log.Print(d.err)
		http.Error(w, "not stored", http.StatusServiceUnavailable)
	default:
		status := "accepted"
		if d.known {
			status = "duplicate"
		}
		id, _ := json.Marshal(d.id)
		text := `{"status":"` + status + `","delivery":` + string(id) + `,"seq":` +
			strconv.FormatInt(d.seq, 10) + "}\n"
		w.Header().Set("Content-Type", "application/json")
		w.Header().Set("Content-Length", strconv.Itoa(len(text)))
		w.WriteHeader(http.StatusAccepted)
		io.WriteString(w, text)
	}
}

func main() {
	path := flag.String("store", "deliveries.db", "the database")
	secretFile := flag.String("secret", "", "file with the secret")
	checkpoint := flag.Int("checkpoint", 4000, "pages in the log before a checkpoint; 0: SQLite's own")
	flag.Parse()

	secret, err := os.ReadFile(*secretFile)
	if err != nil {
		log.Fatal(err)
	}
	s, err := openStore(*path, *checkpoint)
	if err != nil {
		log.Fatal(err)
	}
	r := newReceiver(secret)
	go write(s, r.waiting)

	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/hooks/gitea", r)
	server := &http.Server{
		Handler: mux, ReadHeaderTimeout: 5 * time.Second, ReadTimeout: 30 * time.Second,
		IdleTimeout: time.Minute,
	}
	log.Printf("listening address=%s", listener.Addr())
	log.Fatal(server.Serve(listener))
}
