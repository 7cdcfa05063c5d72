package main

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"encoding/binary"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/url"
	"time"

	"github.com/wxpay-go/wxpay"
	"github.com/wxpay-go/wxpay/sandbox"
	"github.com/wxpay-go/wxpay/sandbox/fault"
	"github.com/wxpay-go/wxpay/sandbox/ledger"
)

const planID = 20001

// plan is one that is debited whenever the merchant asks, as often as it likes.
func plan() ledger.Plan {
	return ledger.Plan{ID: fmt.Sprint(planID), Product: ledger.Papay, Mode: ledger.DebitAtOnce,
		NotifyURL: sandbox.DefaultNotifyURL, Limits: ledger.Limits{SuccessesPerDay: 1000}}
}

// playSandbox is the sandbox's process. Its state is in memory: it is not the one that is killed.
func playSandbox(r role) error {
	m := sandbox.DefaultMerchant()
	m.Plans = append(m.Plans, plan())
	var seed [32]byte
	binary.LittleEndian.PutUint64(seed[:], r.Seed)
	s, err := sandbox.Start(sandbox.Config{Merchants: []ledger.Merchant{m}, Rand: rand.NewChaCha8(seed)})
	if err != nil {
		return err
	}
	fmt.Println(s.AdminURL())
	endWithDriver()
	select {}
}

// wechat is the sandbox as the others reach it: by its admin.
type wechat struct{ admin string }

// faults are what goes wrong on WeChat Pay's side and on the way, in notifications and in calls.
func faults() []fault.Fault {
	const forever = -1
	var list []fault.Fault
	add := func(f fault.Fault, chance float64) {
		f.Chance, f.Times = chance, forever
		list = append(list, f)
	}
	for _, n := range []struct {
		name   fault.Name
		chance float64
		delay  time.Duration
	}{
		{fault.Probe, 0.05, 0}, {fault.Duplicated, 0.06, 0}, {fault.Race, 0.05, 0}, {fault.Reordered, 0.06, 0},
		{fault.AnswerLost, 0.04, 0}, {fault.Lost, 0.03, 0}, {fault.Late, 0.05, 20 * time.Minute},
		{fault.BadSignature, 0.02, 0}, {fault.WrongSerial, 0.01, 0}, {fault.Stale, 0.01, 0},
		{fault.Reencoded, 0.01, 0}, {fault.Stripped, 0.01, 0},
	} {
		add(fault.Fault{Name: n.name, Event: "*", Delay: n.delay}, n.chance)
	}
	for _, name := range []fault.Name{fault.Cut, fault.Error, fault.Gateway} {
		add(fault.Fault{Name: name, Endpoint: "*", Committed: true}, 0.005)
		add(fault.Fault{Name: name, Endpoint: "*"}, 0.005)
	}
	return list
}

// inject arms the faults.
func (s wechat) inject(list []fault.Fault) error {
	for _, f := range list {
		if err := s.post("faults", f, nil); err != nil {
			return err
		}
	}
	return nil
}

// config is what the SDK calls it with.
func (s wechat) config() (cfg wxpay.Config, err error) {
	var c struct {
		MchID        string            `json:"mchid"`
		SerialNo     string            `json:"serial_no"`
		PrivateKey   string            `json:"private_key"`
		APIv3Key     string            `json:"api_v3_key"`
		APIv2Key     string            `json:"api_v2_key"`
		PlatformKeys map[string]string `json:"platform_keys"`
		Host         string            `json:"host"`
	}
	if err := s.get("merchants/"+sandbox.DefaultMchID+"/credentials", &c); err != nil {
		return cfg, err
	}
	cfg = wxpay.Config{MchID: c.MchID, SerialNo: c.SerialNo, Host: c.Host, APIv3Key: wxpay.NewSecret(c.APIv3Key),
		APIv2Key: wxpay.NewSecret(c.APIv2Key)}
	if cfg.PrivateKey, err = wxpay.ParsePrivateKey([]byte(c.PrivateKey)); err != nil {
		return cfg, err
	}
	for id, text := range c.PlatformKeys {
		block, _ := pem.Decode([]byte(text))
		if block == nil {
			return cfg, errors.New("the sandbox shows a key that is no PEM")
		}
		key, err := x509.ParsePKIXPublicKey(block.Bytes)
		if err != nil {
			return cfg, err
		}
		public, ok := key.(*rsa.PublicKey)
		if !ok {
			return cfg, fmt.Errorf("the sandbox shows a key that is a %T", key)
		}
		cfg.PlatformKeys = append(cfg.PlatformKeys, wxpay.PlatformKey{ID: id, Key: public})
	}
	return cfg, nil
}

// now is its business time.
func (s wechat) now() (time.Time, error) {
	var clock struct {
		Time time.Time `json:"time"`
	}
	err := s.get("clock", &clock)
	return clock.Time, err
}

// advance moves its clock, with the attempts that fall due on the way.
func (s wechat) advance(d time.Duration) error {
	return s.post("clock/advance", map[string]string{"duration": d.String()}, nil)
}

// list reads all of a list of the admin's.
func list[T any](s wechat, path string, id func(*T) string) ([]*T, error) {
	var all []*T
	for after := ""; ; {
		var page struct {
			Data []*T   `json:"data"`
			Next string `json:"next"`
		}
		if err := s.get(path+"?limit=1000"+after, &page); err != nil {
			return nil, err
		}
		all = append(all, page.Data...)
		if page.Next == "" {
			return all, nil
		}
		after = "&after=" + url.QueryEscape(id(page.Data[len(page.Data)-1]))
	}
}

func (s wechat) get(path string, into any) error {
	res, err := http.Get(s.admin + "/sandbox/" + path)
	if err != nil {
		return err
	}
	return read(res, path, into)
}

func (s wechat) delete(path string) error {
	req, err := http.NewRequest(http.MethodDelete, s.admin+"/sandbox/"+path, nil)
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return err
	}
	return read(res, path, nil)
}

// errRefused is an admin's no, such as to a payer whose contract has ended.
var errRefused = errors.New("the sandbox refused")

func (s wechat) post(path string, body, into any) error {
	raw, err := json.Marshal(body)
	if err != nil {
		return err
	}
	res, err := http.Post(s.admin+"/sandbox/"+path, "application/json", bytes.NewReader(raw))
	if err != nil {
		return err
	}
	return read(res, path, into)
}

func read(res *http.Response, path string, into any) error {
	defer res.Body.Close()
	raw, err := io.ReadAll(res.Body)
	switch {
	case err != nil:
		return err
	case res.StatusCode/100 == 4:
		return fmt.Errorf("%w: %s: %s", errRefused, path, raw)
	case res.StatusCode/100 != 2:
		return fmt.Errorf("%s: HTTP %d %s", path, res.StatusCode, raw)
	case into == nil:
		return nil
	}
	return json.Unmarshal(raw, into)
}
